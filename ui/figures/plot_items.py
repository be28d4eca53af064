"""What the learning-curve plot adds to pyqtgraph: its axes, the labels at the curves' ends, its mouse habits.

Importing this loads pyqtgraph (about a second), so only `CurvePlot` does, when it is first shown.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QWheelEvent
from PySide6.QtWidgets import QGraphicsPathItem

from engine.comparison.wording import compact
from ui.figures.curve_axes import time_spacing, x_tick, y_text
from ui.figures.line_chart import spread

LABEL_WIDTH = 168.0
SWATCH = 10.0
MOST_EDGE = 2000  # points of a band's edge
OVER = 18  # pixels by which the first and last number may reach beyond their axis


class XAxis(pg.AxisItem):
    """The bottom axis: steps, epochs, minutes or images, in round numbers of that unit."""

    def __init__(self) -> None:
        super().__init__("bottom", maxTickLength=4)
        self.kind = "step"
        self.enableAutoSIPrefix(False)

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        if self.kind == "time":
            return [(time_spacing(high - low, max(2, int(size / 90))), 0)]
        spacing = super().tickSpacing(low, high, size)[:1]
        return [(max(1.0, step), offset) if self.kind != "epoch" or high - low > 4 else (step, offset)
                for step, offset in spacing]  # fmt: skip

    def boundingRect(self) -> QRectF:
        """A number is drawn where it is whole in here; pyqtgraph's own has no room for it once there is a grid."""
        return QRectF(super().boundingRect()).adjusted(-OVER, 0, OVER, 0)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [x_tick(self.kind, value, spacing) for value in values]


class YAxis(pg.AxisItem):
    """The left axis: plain numbers or percent of a fraction; on a log axis 1, 2 and 5 of every decade."""

    def __init__(self, unit: str) -> None:
        super().__init__("left", maxTickLength=0)
        self.unit = unit
        self.within = -math.inf, math.inf  # where ticks may stand: there is no accuracy of 101 %
        self.enableAutoSIPrefix(False)

    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        return super().tickSpacing(low, high, size * 1.5)[:1]

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        (least, most), found = self.within, super().tickValues(low, high, size)
        if self.logMode:
            return found
        return [(apart, [one for one in values if least - 1e-9 <= one <= most + 1e-9]) for apart, values in found]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [self._short(10**value) for value in values]
        if self.unit == "percent":
            places = max(0, math.ceil(-math.log10(spacing * 100) - 1e-9)) if spacing else 0
            return [f"{100 * value:.{places}f} %" for value in values]
        return super().tickStrings(values, scale, spacing)

    def _short(self, value: float) -> str:
        return y_text(value, self.unit) if self.unit == "percent" else compact(value, 3)

    def logTickValues(self, low: float, high: float, size: float, _: object) -> list[tuple[None, list[float]]]:
        """Decades; with 2 and 5 when they fit; every round number when there is less than a decade."""
        if high - low < 0.5:
            step = self._linear_step(10**low, 10**high, size)
            round_numbers = np.arange(math.ceil(10**low / step), 10**high / step) * step
            return [(None, list(np.log10(round_numbers[round_numbers > 0])))]
        digits = (1, 2, 5) if (high - low) < size / 80 else (1,)
        every = max(1, math.ceil((high - low) * 24 / max(1.0, size)))
        decades = range(math.floor(low / every) * every, math.ceil(high) + 1, every)
        values = [decade + math.log10(digit) for decade in decades for digit in digits]
        return [(None, [value for value in values if low <= value <= high])]

    def _linear_step(self, low: float, high: float, size: float) -> float:
        return pg.AxisItem.tickSpacing(self, low, high, size * 1.5)[0][0]


class EndLabels(pg.AxisItem):
    """A right margin in place of an axis: each curve's name at the height where the curve ends, never overlapping."""

    def __init__(self) -> None:
        super().__init__("right", showValues=False)
        self.labels: list[tuple[str, QColor, float, bool]] = []
        self.ink = QColor("black")
        self.setWidth(1)

    def set_labels(self, labels: list[tuple[str, QColor, float, bool]], ink: QColor, font: QFont) -> None:
        """labels: (text, colour, height in view units, dashed) from any order; ink: colour of the words."""
        self.labels, self.ink = sorted(labels, key=lambda label: -label[2]), ink
        self.setTickFont(font)
        metrics = QFontMetricsF(font)
        widest = max((metrics.horizontalAdvance(text) for text, *_ in labels), default=0.0)
        self.setWidth(min(widest, LABEL_WIDTH) + SWATCH + 14 if labels else 12)
        self.picture = None
        self.update()

    def paint(self, painter: QPainter, option: object, widget: object = None) -> None:
        if not self.labels or self.range[1] == self.range[0]:
            return
        painter.setFont(self.style["tickFont"])
        metrics = QFontMetricsF(painter.font())
        box = self.mapRectFromParent(self.geometry())
        span = self.range[1] - self.range[0]
        heights = [box.bottom() - (label[2] - self.range[0]) / span * box.height() for label in self.labels]
        for label, y in zip(self.labels, spread(heights, metrics.height(), box.top(), box.bottom()), strict=True):
            self._draw(painter, metrics, box, label, y)

    def _draw(
        self, painter: QPainter, metrics: QFontMetricsF, box: QRectF, label: tuple[str, QColor, float, bool], y: float
    ) -> None:
        text, colour, _, dashed = label
        style = Qt.PenStyle.DotLine if dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, 2.5, style))
        painter.drawLine(QPointF(box.left() + 5, y), QPointF(box.left() + 5 + SWATCH, y))
        room = box.width() - SWATCH - 9
        painter.setPen(self.ink)
        words = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(QPointF(box.left() + SWATCH + 9, y + metrics.capHeight() / 2), words)


class QuietView(pg.PlotWidget):
    """The wheel scrolls the page also over the axes; it zooms with Ctrl held."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()


class CurveView(pg.ViewBox):
    """Drag a rectangle to zoom, double-click for the whole curve."""

    whole = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.setMouseMode(pg.ViewBox.RectMode)
        self.disableAutoRange()

    def mouseClickEvent(self, event: Any) -> None:
        if event.double() and event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.whole.emit()


class BandItem(QGraphicsPathItem):
    """The ground between two edges, whole whatever part of it is in view: pyqtgraph's own fill keeps the edges as they
    were clipped to the view before."""

    def __init__(self) -> None:
        super().__init__()
        self.setPen(QPen(Qt.PenStyle.NoPen))
        self.setZValue(-1)

    def fill(self, x: np.ndarray, low: np.ndarray, high: np.ndarray, colour: QColor) -> None:
        """x, low, high: float64 [n] in view units; NaN separates parts."""
        path = QPainterPath()
        for part in np.ma.clump_unmasked(np.ma.masked_invalid(low + high)):
            across, bottom, top = thinned(x[part], low[part], high[part])
            path.addPath(pg.arrayToQPath(np.r_[across, across[::-1]], np.r_[top, bottom[::-1]]))
        self.setPath(path)
        self.setBrush(colour)


def thinned(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """At most about `MOST_EDGE` points of a band, with the lowest and the highest edge of those each stands for."""
    if len(x) <= MOST_EDGE:
        return x, low, high
    starts = np.arange(0, len(x), -(-len(x) // MOST_EDGE))
    ends = np.append(x[starts[1:] - 1], x[-1])
    bottom, top = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
    return np.c_[x[starts], ends].ravel(), np.repeat(bottom, 2), np.repeat(top, 2)


def joined(y: np.ndarray) -> dict[str, Any]:
    """How pyqtgraph joins these points: not across NaN."""
    broken = bool(np.isnan(y).any())
    return {"connect": "finite" if broken else "all", "skipFiniteCheck": not broken}


class DrawnCurve:
    """The plot items of one curve, made once and fed with new points: its line, and when there are any a band, raw
    values behind, best mark, crosses."""

    def __init__(self, plot: pg.PlotItem) -> None:
        self.plot = plot
        self.line = self._line(3)
        self.raw: pg.PlotDataItem | None = None
        self.best: pg.ScatterPlotItem | None = None
        self.gaps: pg.ScatterPlotItem | None = None
        self.band: BandItem | None = None

    def _line(self, z: float) -> pg.PlotDataItem:
        item = pg.PlotDataItem(skipFiniteCheck=True, connect="all", antialias=False)
        item.setZValue(z)
        item.opts["useCache"] = False  # else a single point is a picture of the colours it was drawn in first
        self.plot.addItem(item)  # this lays the plot's own settings over the item's, so these come after
        item.setDownsampling(auto=True, method="peak")
        item.opts["autoDownsampleFactor"] = 1.0  # a lowest and a highest point per pixel, not per fifth of one
        item.setClipToView(True)
        return item

    def set_points(self, x: np.ndarray, y: np.ndarray) -> None:
        """NaN breaks the line."""
        self.line.setData(x, y, symbol="o" if len(x) == 1 else None, **joined(y))

    def set_raw(self, pen: QPen, antialias: bool, x: np.ndarray, y: np.ndarray) -> None:
        """What was measured, behind a smoothed line."""
        if self.raw is None:
            self.raw = self._line(1)
        self._set_pen(self.raw, pen, antialias)
        self.raw.show()
        self.raw.setData(x, y, **joined(y))

    def hide_raw(self) -> None:
        if self.raw is not None:
            self.raw.hide()

    def set_gaps(self, x: np.ndarray, y: np.ndarray, pen: QPen) -> None:
        """A cross at each place without a number, at the height of the line beside it."""
        if len(x) and self.gaps is None:
            self.gaps = pg.ScatterPlotItem(symbol="x", size=9, pxMode=True, useCache=False, antialias=True)
            self.gaps.setZValue(6)
            self.plot.addItem(self.gaps, ignoreBounds=True)
        if self.gaps is not None:
            self.gaps.setData(x, y)
            self.gaps.setPen(pen)

    def set_pen(self, pen: QPen, antialias: bool) -> None:
        """Call before `set_points`, which draws with it."""
        self._set_pen(self.line, pen, antialias)
        self.line.opts.update(symbolPen=pen, symbolBrush=pen.color(), symbolSize=6)

    def _set_pen(self, item: pg.PlotDataItem, pen: QPen, antialias: bool) -> None:
        """Separate segments cost a tenth for a wide line of many points, but their joints show when antialiased, and
        dashes start anew at each."""
        whole = pen.style() != Qt.PenStyle.SolidLine or antialias
        item.curve.opts["segmentedLineMode"] = "off" if whole else "on"
        item.opts.update(pen=pen, antialias=antialias)

    def set_band(self, x: np.ndarray, low: np.ndarray, high: np.ndarray, fill: QColor) -> None:
        """NaN breaks the band."""
        if self.band is None:
            self.band = BandItem()
            self.plot.addItem(self.band, ignoreBounds=True)
        self.band.show()
        self.band.fill(x, low, high, fill)

    def hide_band(self) -> None:
        if self.band is not None:
            self.band.hide()

    def set_best(self, place: tuple[float, float] | None, ring: QPen, inside: QColor) -> None:
        """place: (x, y) in view units, already logarithmic on a log axis."""
        if place is not None and self.best is None:
            self.best = pg.ScatterPlotItem(size=10, pxMode=True, useCache=False, antialias=True)
            self.best.setZValue(6)
            self.plot.addItem(self.best, ignoreBounds=True)
        if self.best is not None:
            self.best.setData(*([place[0]], [place[1]]) if place else ([], []))
            self.best.setPen(ring)
            self.best.setBrush(inside)

    def remove(self) -> None:
        for item in (self.raw, self.line, self.best, self.gaps, self.band):
            if item is not None:
                self.plot.removeItem(item)
