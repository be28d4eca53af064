"""The drawing inside a `CurvePlot`: pyqtgraph items, colours, ranges, cursor. Importing this loads pyqtgraph."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui import theme
from ui.figures.curve_axes import X_AXES
from ui.figures.curve_line import LOG_FLOOR, CurveLine, CurveState, bounds, with_gaps
from ui.figures.curve_readout import Readout, Rule
from ui.figures.drawing import blend
from ui.figures.plot_items import CurveView, DrawnCurve, EndLabels, QuietView, XAxis, YAxis
from ui.widgets.layouts import in_column

SMOOTH_POINTS = 4000  # of all lines together up to which they are antialiased: more take longer than a turn may
NEW_AT_ONCE = 3  # lines whose items are made in one turn of the event loop


class CurveCanvas(QWidget):
    """Draws `state.lines`; `redraw` after they changed. zoomed: the reader chose a part, so new points do not move the
    view. whole: the reader asked for the first outliers too.

    pointed(x or None, whether by the keys): the reader points there. whole_wanted: the first outliers are asked for.
    looked: the reader chose another part.
    """

    pointed = Signal(object, bool)
    whole_wanted = Signal()
    looked = Signal()

    def __init__(self, state: CurveState, parent: QWidget) -> None:
        super().__init__(parent)
        self.state = state
        self.zoomed = False
        self.whole = False
        self.drawn: dict[str, DrawnCurve] = {}
        self._is_saved = False
        self._more = QTimer(self, singleShot=True)
        self._more.timeout.connect(self._draw_new)
        self._ratio = self.devicePixelRatioF()  # pens of a plot count pixels of the device
        self.x_axis, self.y_axis, self.ends = XAxis(), YAxis(state.unit), EndLabels()
        self.box = CurveView()
        axes = {"bottom": self.x_axis, "left": self.y_axis, "right": self.ends}
        self.view = QuietView(self, viewBox=self.box, axisItems=axes)
        self._set_up()
        in_column(self.view, owner=self)
        self.rule, self.readout = Rule(self), Readout(self)
        self.recolour()

    def _set_up(self) -> None:
        item = self.view.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.showAxis("right")
        item.layout.setContentsMargins(4, 4, 0, 0)
        self.view.setFrameShape(self.view.Shape.NoFrame)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.view.scene().sigMouseMoved.connect(self._mouse_moved)
        self.view.viewport().installEventFilter(self)
        self.box.sigRangeChangedManually.connect(self._zoom)
        self.box.whole.connect(self.whole_wanted)

    def redraw(self) -> None:
        """Give the items the plot's curves; items of curves that are gone are removed. Those of many new curves are
        made in the turns of the event loop that follow."""
        labels = {line.label for line in self.state.lines}
        for label in [label for label in self.drawn if label not in labels]:
            self.drawn.pop(label).remove()
        self.y_axis.setLogMode(False, self.state.log)
        self.x_axis.kind = self.state.x_axis
        self.x_axis.setLabel(X_AXES[self.state.x_axis])
        self._fit()  # first: lines take no second look at another range
        for line in [line for line in self.state.lines if line.label in self.drawn]:
            self._draw(line)
        self._draw_new()
        self._label_ends()
        self.show_cursor()

    def _draw_new(self) -> None:
        """The next few lines that have no items yet; all of them into a figure that is saved."""
        missing = [line for line in self.state.lines if line.label not in self.drawn]
        now = missing if self._is_saved else missing[:NEW_AT_ONCE]
        for line in now:
            self._draw(line)
        if len(missing) > len(now):
            self._more.start(0)

    def _antialias(self) -> bool:
        few = sum(len(line.x) for line in self.state.lines) <= SMOOTH_POINTS
        return self._is_saved or (few and not self.state.live)

    def to_view(self, values: np.ndarray) -> np.ndarray:
        """Values as the view box counts: log10 on a log axis, zero and below at its floor."""
        return np.log10(np.maximum(values, LOG_FLOOR)) if self.state.log else np.asarray(values, float)

    def _draw(self, line: CurveLine) -> None:
        if line.label not in self.drawn:
            self.drawn[line.label] = DrawnCurve(self.view.getPlotItem())
        item, page = self.drawn[line.label], theme.colour("page")
        strong = self.colour(line)
        faint = pg.mkPen(blend(strong, page, 0.6 if theme.is_dark() else 0.7), width=self._ratio)
        item.set_pen(self._pen(line, strong), self._antialias())
        item.line.setZValue(2 if line.style == "train" else 3)
        measured = line.measured()
        item.set_points(*with_gaps(line, self.to_view(line.y)))
        if line.raw is None:
            item.hide_raw()
        else:
            item.set_raw(faint, self._antialias(), *with_gaps(measured, self.to_view(measured.y)))
        beside = np.clip(np.searchsorted(line.x, line.gaps) - 1, 0, None)
        item.set_gaps(line.gaps, self.to_view(line.y)[beside], pg.mkPen(strong, width=2 * self._ratio))
        if line.low is not None and line.high is not None:
            x, low, high = with_gaps(line, self.to_view(line.low), self.to_view(line.high))
            item.set_band(x, low, high, blend(strong, page, 0.8))
        else:
            item.hide_band()
        place = None
        if line.best is not None:
            at = slice(line.best, line.best + 1)
            place = float(measured.x[at][0]), float(self.to_view(measured.y[at])[0])
        item.set_best(place, pg.mkPen(strong, width=2 * self._ratio), page)

    def colour(self, line: CurveLine) -> QColor:
        """The curve's colour as drawn: training is paler than validation."""
        strong = theme.as_shown(QColor(line.colour))
        pale = 0.25 if theme.is_dark() else 0.4
        return blend(strong, theme.colour("page"), pale) if line.style == "train" else strong

    def _pen(self, line: CurveLine, colour: QColor) -> QPen:
        pen = pg.mkPen(colour, width=self._ratio * (1.0 if line.style == "train" else 2.0))
        if line.dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        return pen

    def _fit(self) -> None:
        """Show everything from the start on but the first outliers, unless the reader zoomed or wants them too."""
        whole = self.whole or self.state.log or self.state.unit == "percent"
        edges = bounds(self.state.lines, self.state.log, whole)
        if self.zoomed or edges is None:
            return
        _, right, bottom, top = edges
        shares = self.state.unit == "percent" and bottom >= 0 and top <= 1
        self.y_axis.within = (0.0, 1.0) if shares else (-math.inf, math.inf)
        left, right = 0.0, max(right, self.state.reach)
        low, high = (float(v) for v in self.to_view(np.array([bottom, top])))
        room = max(high - low, 1e-9 + 0.02 * abs(high)) * 0.06
        if self.state.unit == "percent" and not self.state.log:
            room = max(room, 0.02)
        right = left + 1 if right <= left else right + 0.012 * (right - left)  # room for a mark on the last point
        self.box.setRange(xRange=(left, right), yRange=(low - room, high + room), padding=0, disableAutoRange=True)

    def _label_ends(self) -> None:
        font = theme.font("small")
        right = self.box.viewRange()[0][1]
        ends = []
        for line in self.state.lines:
            seen = int(np.searchsorted(line.x, right, side="right")) if self.zoomed else len(line.x)
            if seen:
                height = float(self.to_view(line.y[seen - 1 : seen])[0])
                ends.append((line.label, self.colour(line), height, line.dashed))
        self.ends.set_labels(ends, theme.colour("text"), font)

    def _zoom(self, _: object = None) -> None:
        self.zoomed = True
        self.looked.emit()
        self._label_ends()

    def view_across(self) -> tuple[float, float]:
        """The x that is in view."""
        left, right = self.box.viewRange()[0]
        return float(left), float(right)

    # Cursor

    def show_cursor(self) -> None:
        """The rule and the readout at `state.cursor_x`, if it lies in the view."""
        x = self.state.cursor_x
        left, right = self.box.viewRange()[0]
        if x is None or not left <= x <= right or not any(len(line.x) for line in self.state.lines):
            self.rule.hide()
            self.readout.hide()
            return
        place, rows = self.state.readout(x)
        colours = {line.label: self.colour(line) for line in self.state.lines}
        at = self.view.mapFromScene(self.box.mapViewToScene(QPointF(x, sum(self.box.viewRange()[1]) / 2)))
        box = self.view.mapFromScene(self.box.sceneBoundingRect()).boundingRect()
        self.rule.stand(at.x(), box.top(), box.height())
        self.readout.show_values(place, [(label, colours[label], value) for label, value in rows], at)

    def _mouse_moved(self, at: QPointF) -> None:
        inside = self.box.sceneBoundingRect().contains(at)
        self.pointed.emit(float(self.box.mapSceneToView(at).x()) if inside else None, False)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.pointed.emit(None, False)
        return False

    def step_cursor(self, key: int) -> bool:
        """Move the cursor by a hundredth of the view (arrows) or to its ends; True if the key meant that."""
        left, right = self.box.viewRange()[0]
        now = self.state.cursor_x if self.state.cursor_x is not None else right
        step = (right - left) / 100
        targets: dict[int, float] = {
            Qt.Key.Key_Left: now - step, Qt.Key.Key_Right: now + step, Qt.Key.Key_Home: left, Qt.Key.Key_End: right,
        }  # fmt: skip
        if key not in targets:
            return False
        self.pointed.emit(min(max(targets[key], left), right), True)
        return True

    # Looks

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._ratio = self.devicePixelRatioF()
            self.redraw()
        return super().event(event)

    def recolour(self) -> None:
        """Take the palette in use; called when it changes."""
        self.view.setBackground(theme.colour("page"))
        font = theme.font("small")
        for axis in (self.x_axis, self.y_axis):
            axis.setPen(theme.colour("border"))
            axis.setTextPen(theme.colour("muted"))
            axis.setTickPen(theme.colour("grid"))
            axis.setTickFont(font)
            axis.setGrid(255)
            axis.setZValue(-1)
            axis.setStyle(tickAlpha=255, tickTextOffset=6)
            axis.label.setFont(font)
        self.redraw()

    def paint_figure(self, painter: QPainter, size: QSizeF, title: str) -> None:
        """The figure with its title, without the cursor, in the colours in use: those of paper in an export."""
        self._ratio, self._is_saved = painter.device().devicePixelRatioF(), True
        self.recolour()
        self.view.grab()  # an axis finds the room for its words while it is drawn
        self.view.getPlotItem().layout.activate()
        font = theme.font("body", bold=True)
        head = QFontMetricsF(font).height() + 8 if title else 0.0
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(8, 4, size.width() - 16, head), Qt.AlignmentFlag.AlignLeft, title)
        if self.view.width() < 100:
            self.view.resize(int(size.width()), int(size.height() - head))
        self.view.render(painter, QRectF(0, head, size.width(), size.height() - head), self.view.viewport().rect(),
                         Qt.AspectRatioMode.KeepAspectRatio)  # fmt: skip
        self._ratio, self._is_saved = self.devicePixelRatioF(), False
        with theme.on_paper(False):
            self.recolour()
