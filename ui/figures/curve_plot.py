"""Learning curves: live or stored, one run or many, with readout, log scale, smoothing, best mark, table and export.

    plot = CurvePlot("Loss")
    plot.set_curves([CurveLine("training", steps, values, colour, "train"), CurveLine("validation", …)], live=True)

The caller gives x in the unit of `set_x_axis` (see `curve_axes.StepScale.positions`). pyqtgraph is imported when the
plot is first shown or saved, never before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QMenu, QStackedWidget, QWidget

from engine.comparison.wording import NO_NUMBER
from ui import theme
from ui.figures.curve_axes import X_AXES, y_text
from ui.figures.curve_line import CurveLine, CurveState, every_point, finite, outlined, smooth_lines, table
from ui.figures.curve_table import CurveTableModel
from ui.figures.figure_export import FigureActions, menu_button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.quiet import QuietTable
from ui.widgets.text import Elided, Text

if TYPE_CHECKING:
    from PySide6.QtCore import QSizeF
    from PySide6.QtGui import QPainter

    from ui.figures.curve_canvas import CurveCanvas


class CurvePlot(QWidget, CurveState):
    """One figure of curves under a title. unit: "number" or "percent" (values are fractions).

    cursor_moved(x or None): the reader points at x; connect it to another plot's `set_cursor` to move both.
    """

    cursor_moved = Signal(object)

    def __init__(self, title: str = "", unit: str = "number", parent: QWidget | None = None) -> None:
        QWidget.__init__(self, parent)
        CurveState.__init__(self)
        self._title, self.unit = title, unit
        self._empty_text = "No values yet."
        self._canvas: CurveCanvas | None = None
        self._build()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(220, 160)
        self._describe()

    # What the caller says

    def set_title(self, title: str) -> None:
        self._title = title
        self._heading.setText(title)
        self._describe()

    def set_unit(self, unit: str) -> None:
        """ "number", or "percent" of fractions."""
        if unit != self.unit:
            self.unit = unit
            if self._canvas is not None:
                self._canvas.y_axis.unit = unit
            self.reset_zoom()

    def set_caption(self, text: str) -> None:
        """A few quiet words beside the title, such as the best value."""
        if text != self._caption.text():
            self._caption.setText(text)

    def set_curves(self, lines: Sequence[CurveLine], live: bool = False) -> None:
        """Draw these curves; a label met before keeps its items and the reader's zoom. live: fast drawing."""
        self.given, self.live = [outlined(finite(line)) for line in lines], live
        self._smooth()

    def set_x_axis(self, axis: str) -> None:
        """axis: "step", "epoch", "time" (seconds) or "examples"; x of the next `set_curves` is in that unit."""
        if axis != self.x_axis:
            self.x_axis = axis
            self.reset_zoom()

    def set_reach(self, right: float) -> None:
        """The horizontal axis goes at least so far, for plots beside each other to have the same."""
        self.reach = right

    def set_log(self, on: bool) -> None:
        if on != self.log:
            self.log = on
            self.reset_zoom()

    def set_smoothing(self, weight: float) -> None:
        """weight in [0, 1): 0 shows the measured values; above it they stay visible, pale, behind."""
        if weight != self.weight:
            self.weight = weight
            self._smooth()

    def set_empty_text(self, text: str) -> None:
        """What stands in the middle while there is no point."""
        self._empty_text = text
        self._note.setText(text)

    def set_cursor(self, x: float | None) -> None:
        """Show the readout at x, as if the reader pointed there; None hides it."""
        self.cursor_x = x
        if self._canvas is not None:
            self._canvas.show_cursor()

    def reset_zoom(self, whole: bool = False) -> None:
        """The usual view again, which follows the end of a live curve; whole: with its first outliers."""
        if self._canvas is not None:
            self._canvas.zoomed, self._canvas.whole = False, whole
            self.lines = smooth_lines(self.given, self.weight)
            self._canvas.redraw()

    def forget_view(self) -> None:
        """The usual view from the next curves on, as they are others."""
        if self._canvas is not None:
            self._canvas.zoomed = self._canvas.whole = False

    def show_table(self, on: bool) -> None:
        self._table_action.setChecked(on)

    # Building

    def _build(self) -> None:
        self._heading = Text(self._title, bold=True, wrap=False)
        self._figure = FigureActions(self, self)
        self._menu = self._make_menu()
        self._caption = Elided("", "small", "muted")
        row = in_row(
            self._heading, (self._caption, 1), menu_button(self, self._menu, f"Menu of the figure {self._title}"), gap=8
        )
        self._stack = QStackedWidget(self)
        self._note = QLabel(self._empty_text, self._stack, textFormat=Qt.TextFormat.PlainText)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setWordWrap(True)
        self._note.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self._stack.addWidget(self._note)
        in_column(row, (self._stack, 1), owner=self, gap=0)

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.addActions(self._figure.actions)
        menu.addSeparator()
        self._table_action = QAction("Show as table", self, checkable=True)
        self._table_action.toggled.connect(lambda _: self._show())
        whole = QAction("Show the whole curve", self)
        whole.triggered.connect(lambda _=False: self.reset_zoom(whole=True))
        menu.addActions([self._table_action, whole])
        return menu

    def canvas(self) -> CurveCanvas:
        """The drawing itself, made on the first call."""
        if self._canvas is None:
            from ui.figures.curve_canvas import CurveCanvas

            self._canvas = CurveCanvas(self, self)
            self._canvas.pointed.connect(self.point_at)
            self._canvas.whole_wanted.connect(lambda: self.reset_zoom(whole=True))
            self._canvas.looked.connect(self._look_closer)
            self._stack.addWidget(self._canvas)
        return self._canvas

    def _table(self) -> QuietTable:
        if not hasattr(self, "_table_view"):
            self._table_view = QuietTable(self._stack)
            self._table_model = CurveTableModel(self._table_view)
            self._table_view.setModel(self._table_model)
            self._table_view.verticalHeader().setDefaultSectionSize(22)
            self._table_view.setFont(theme.font(tabular=True))
            header = self._table_view.horizontalHeader()
            header.setSectionResizeMode(header.ResizeMode.ResizeToContents)
            header.setResizeContentsPrecision(0)  # by what is in view, however long the table is
            self._table_view.setAccessibleName(f"{self._title}, the numbers")
            self._stack.addWidget(self._table_view)
        return self._table_view

    # Drawing

    def _look_closer(self) -> None:
        """Another part is in view: of a curve that is drawn by its outline it may need other points."""
        if any(line.whole is not None for line in self.given):
            self._smooth()

    def _smooth(self) -> None:
        view = self._canvas.view_across() if self._canvas is not None and self._canvas.zoomed else None
        self.lines = smooth_lines(self.given, self.weight, view)
        self._describe()
        if self.isVisible() or self._canvas is not None:
            self._show()

    def _show(self) -> None:
        if not any(len(line.x) for line in self.lines):
            self._stack.setCurrentWidget(self._note)
        elif self._table_action.isChecked():
            self._stack.setCurrentWidget(self._table())
            self._table_model.show(*table(self._every_point()), self.x_axis, self.unit)
        else:
            drawn = self._canvas  # one that is made now draws what there is
            self._stack.setCurrentWidget(self.canvas())
            if drawn is not None:
                drawn.redraw()

    def _every_point(self) -> list[CurveLine]:
        return smooth_lines([every_point(line) for line in self.given], self.weight)

    def visible_part(self) -> str:
        """ "words" while there is nothing to draw, else "curves" or "table"."""
        shown = self._stack.currentWidget()
        return "words" if shown is self._note else "curves" if shown is self._canvas else "table"

    def _describe(self) -> None:
        self.setAccessibleName(f"{self._title} curves" if self._title else "Curves")
        ends = [f"{n.label} ends at {y_text(float(n.y[-1]), self.unit)}" for n in self.lines if len(n.x)]
        best = [n.best_text for n in self.lines if n.best is not None and n.best_text]
        words = "; ".join(ends + best) or self._empty_text
        self.setAccessibleDescription(f"{words}. Arrow keys read the values, T shows the numbers as a table.")

    # Reader's hands

    def sizeHint(self) -> QSize:
        return QSize(400, 260)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers():
            self._table_action.toggle()
        elif event.key() == Qt.Key.Key_Escape and self.cursor_x is not None:
            self.point_at(None)
        elif self._canvas is None or not self._canvas.step_cursor(event.key()):
            super().keyPressEvent(event)

    def point_at(self, x: float | None, spoken: bool = False) -> None:
        """Move the readout and tell the plots that follow; spoken: also as accessible description."""
        self.set_cursor(x)
        self.cursor_moved.emit(x)
        if spoken and x is not None:
            place, rows = self.readout(x)
            self.setAccessibleDescription(", ".join([place, *(f"{label} {value}" for label, value in rows)]))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self._menu.popup(self.mapToGlobal(QPoint(self.width() // 2, 32)) if by_key else event.globalPos())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and self._canvas is not None:
            self._canvas.recolour()

    # As a figure to save (see figure_export.Figure)

    def figure_title(self) -> str:
        return self._title

    def figure_size(self) -> QSize:
        return self.size().expandedTo(QSize(320, 220))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads, values = table(self._every_point())
        rows = [[NO_NUMBER if cell == float("inf") else cell for cell in row] for row in values.tolist()]
        return [X_AXES[self.x_axis], *heads], rows

    def paint_figure(self, painter: QPainter, size: QSizeF) -> None:
        self.canvas().paint_figure(painter, size, self._title)
