"""Which classes are mistaken for which, as one matrix: classes on both sides, a cell leads to its images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.comparison.wording import MINUS, count
from ui import theme
from ui.figures.drawing import blend
from ui.figures.painted import PaintedFigure, draw_elided, line_height

MOST_CLASSES = 200
WIDEST = 420  # pixels on a side
LEAST = 300  # of its height, so that a page that is full scrolls before ten classes lose their numbers
MOST_NAMED = 60  # classes whose names a saved matrix has room for
MOST_NAME = 96.0  # pixels of a class name beside the matrix
CAPTION = 24.0


class ConfusionMatrix(PaintedFigure):
    """One matrix. values: [n, n]; as a difference it is signed: more often than the base in one hue, less in another.

    cell_chosen(true, predicted): clicked, or Enter on the cell that the arrow keys moved to.
    """

    cell_chosen = Signal(int, int)
    beside_title = 0  # pixels at its right where a menu stands

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.names: tuple[str, ...] = ()
        self.values = np.zeros((0, 0))
        self.signed = False
        self.colour = 0
        self._most = 0.0
        self.cell: tuple[int, int] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_values(
        self, title: str, names: Sequence[str], values: np.ndarray, signed: bool, colour: int = 0, most: float = 0.0
    ) -> None:
        """most: the value from which on a cell has the full colour; 0: the largest."""
        if tuple(names) != self.names:
            self.cell = None
        self.title, self.names, self.values, self.signed, self.colour = title, tuple(names), values, signed, colour
        self._most = most
        self.setAccessibleName(f"Confusion matrix: {title}" if not signed else title)
        self._describe()
        self.updateGeometry()
        self.update()

    def set_cell(self, true: int, predicted: int) -> None:
        """Mark a cell without saying so."""
        self.cell = (true, predicted)
        self._describe()
        self.update()

    # Geometry

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(min(width, WIDEST) + CAPTION)

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:
        return QSize(150, self.heightForWidth(LEAST))

    def grid(self, size: QSizeF) -> QRectF:
        """The square of cells."""
        line, room = line_height("small"), min(size.width(), size.height() - CAPTION)
        side = max(1.0, room - line - self.name_room(room) - 4)
        return QRectF(room - side, CAPTION, side, side)

    def name_room(self, room: float) -> float:
        """Pixels for the names of the classes along both sides of a matrix in a square of this many; 0: no room."""
        line, metrics = line_height("small"), QFontMetricsF(theme.font("small"))
        wanted = max((metrics.horizontalAdvance(name) for name in self.names), default=0.0) + 6
        wide = min(wanted, MOST_NAME, 0.3 * room)
        return wide if wanted > 6 and (room - line - wide - 4) / len(self.names) >= line else 0.0

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """(true, predicted) under a point of the widget, or None."""
        box, n = self.grid(QSizeF(self.size())), len(self.names)
        if not n or not box.contains(point):
            return None
        row, column = int((point.y() - box.top()) / box.height() * n), int((point.x() - box.left()) / box.width() * n)
        return min(row, n - 1), min(column, n - 1)

    # Drawing

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        box, n = self.grid(size), len(self.names)
        painter.setFont(theme.font("small", bold=True))
        painter.setPen(theme.colour("text"))
        room = size.width() - self.beside_title
        draw_elided(painter, 0, QFontMetricsF(painter.font()).ascent(), room, self.title, name=True)
        if not n:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._paint_cells(painter, box, n)
        painter.setPen(theme.colour("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        if self.cell is not None:
            painter.setPen(QPen(theme.colour("accent"), 2))
            painter.drawRect(self._cell_box(box, n, *self.cell))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self._paint_sides(painter, box)

    def _cell_box(self, box: QRectF, n: int, row: int, column: int) -> QRectF:
        edge = box.width() / n
        return QRectF(box.left() + column * edge, box.top() + row * edge, edge, edge)

    def _paint_cells(self, painter: QPainter, box: QRectF, n: int) -> None:
        most = self._most or float(np.abs(self.values).max(initial=0.0)) or 1.0
        ground, edge = theme.colour("card"), box.width() / n
        painter.fillRect(box, ground)
        painter.setFont(theme.font("small", tabular=True))
        for row, column in np.argwhere(self.values != 0):
            value = float(self.values[row, column])
            cell = self._cell_box(box, n, row, column)
            fill = blend(ground, self._hue(value), 0.12 + 0.88 * min(1.0, abs(value) / most))
            painter.fillRect(cell, fill)
            if edge >= 24:
                painter.setPen(theme.ink_on(fill))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, cell_text(value, self.signed))

    def _hue(self, value: float) -> QColor:
        if self.signed:
            return theme.curve_colour(1 if value > 0 else 0)
        return theme.curve_colour(self.colour)

    def _paint_sides(self, painter: QPainter, box: QRectF) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        room = box.left() - line_height("small") - 4
        if room > 0:
            self._paint_names(painter, box, room)
        said = below_words(self.signed, box.width(), box.right())
        left = box.left() if QFontMetricsF(painter.font()).horizontalAdvance(said) <= box.width() else 0.0
        below = QRectF(left, box.bottom() + 1 + room, box.right() - left, line_height("small"))
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, said)
        painter.save()
        painter.translate(0, box.bottom())
        painter.rotate(-90)
        beside = QRectF(0, 0, box.height(), line_height("small"))
        painter.drawText(beside, Qt.AlignmentFlag.AlignCenter, "true class")
        painter.restore()

    def _paint_names(self, painter: QPainter, box: QRectF, room: float) -> None:
        """Those of the true classes at the left, those of the predicted ones below, upright where they fit so."""
        metrics, edge = QFontMetricsF(painter.font()), box.width() / len(self.names)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        short = [metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room - 6) for name in self.names]
        level = all(metrics.horizontalAdvance(name) <= edge - 2 for name in short)
        for place, name in enumerate(short):
            at = place * edge
            painter.drawText(QRectF(box.left() - room, box.top() + at, room - 4, edge), right, name)
            if level:
                below = QRectF(box.left() + at, box.bottom() + 2, edge, metrics.height())
                painter.drawText(below, Qt.AlignmentFlag.AlignCenter, name)
                continue
            painter.save()
            painter.translate(box.left() + at, box.bottom())
            painter.rotate(-90)
            painter.drawText(QRectF(-room, 0, room - 4, edge), right, name)
            painter.restore()

    # Reading

    def words(self, row: int, column: int) -> str:
        """A cell in words."""
        value = cell_text(float(self.values[row, column]), self.signed) or "0"
        return f"true {self.names[row]}, predicted {self.names[column]}: {value}"

    def _describe(self) -> None:
        if self.cell is not None and self.names:
            self.setAccessibleDescription(self.words(*self.cell))
        else:
            self.setAccessibleDescription(f"{count(len(self.names), 'classes')}; arrow keys move from cell to cell")

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        rows = ([name, *map(float, values)] for name, values in zip(self.names, self.values, strict=True))
        return ["true class", *self.names], rows

    def figure_size(self) -> QSize:
        named = len(self.names) * line_height("small") + MOST_NAME + 2 * line_height("small")
        room = max(420, round(named)) if len(self.names) <= MOST_NAMED else 960
        return QSize(room, round(room + CAPTION))

    def paint_figure(self, painter: QPainter, size: QSizeF) -> None:
        marked, self.cell = self.cell, None
        self.paint(painter, size)
        self.cell = marked

    def words_at(self, at: QPointF) -> str:
        cell = self.cell_at(at)
        return self.words(*cell) if cell else ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and cell:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.set_cell(*cell)
            self.cell_chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        n = len(self.names)
        if n and event.key() in moves:
            row, column = self.cell or (0, 0)
            down, right = moves[Qt.Key(event.key())] if self.cell else (0, 0)
            self.set_cell(min(max(row + down, 0), n - 1), min(max(column + right, 0), n - 1))
        elif self.cell and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.cell_chosen.emit(*self.cell)
        else:
            super().keyPressEvent(event)


def below_words(signed: bool, beneath: float, whole: float) -> str:
    """What stands below the cells, as much of it as fits beneath them or, with its legend, into the whole width."""
    if not signed:
        return "predicted class"
    metrics = QFontMetricsF(theme.font("small"))
    legend = "orange: more, blue: less"
    words = ((f"predicted class ({legend})", beneath), (f"predicted class ({legend})", whole), (legend, whole))
    fitting = (said for said, room in words if metrics.horizontalAdvance(said) <= room)
    return next(fitting, metrics.elidedText(legend, Qt.TextElideMode.ElideRight, whole))


def cell_text(value: float, signed: bool) -> str:
    """A count: whole numbers bare, means with one decimal, differences with their sign; nothing for zero."""
    if value == 0:
        return ""
    text = f"{abs(value):.0f}" if value == round(value) else f"{abs(value):.1f}"
    return text if not signed else f"{'+' if value > 0 else MINUS}{text}"
