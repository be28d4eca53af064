"""Accuracy against what an answer costs: a point for each side with its intervals both ways."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import compact, percent
from ui import theme
from ui.comparison.cost_points import TIME, UNITS, CostPoint
from ui.figures.painted import PaintedFigure, draw_elided
from ui.figures.painted_axes import Axis, Plot, around, paint_axes, plot_in

FAR = 8.0  # times the least from which on an axis goes by equal ratios
NEAR = 12.0  # pixels around a point that are the point


class CostFigure(PaintedFigure):
    """chosen(run id): a point was clicked; it stands for the first seed of its side."""

    chosen = Signal(int)
    usual, least = QSize(560, 300), QSize(300, 240)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Accuracy against cost", parent)
        self.points: tuple[CostPoint, ...] = ()
        self.axis = TIME

    def show_points(self, points: Sequence[CostPoint], axis: str) -> None:
        self.points, self.axis = tuple(points), axis
        self.setAccessibleDescription("; ".join(words_of(one, axis) for one in points))
        self.update()

    def _plot(self, size: QSizeF) -> Plot:
        across = [end for one in self.points for end in (one.cost.value, *ends(one.cost.low, one.cost.high))]
        up = [end for one in self.points for end in (one.accuracy.value, *ends(one.accuracy.low, one.accuracy.high))]
        known = [value for value in across if value > 0]
        far = bool(known) and max(known) > FAR * min(known)
        x = Axis(min(known) / 1.3, max(known) * 1.6, log=True) if far else around(across, low=0.0)
        return plot_in(size.width(), size.height(), x, around(up, share=True), "Test accuracy")

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        if not self.points:
            return
        plot = self._plot(size)
        paint_axes(painter, plot, UNITS[self.axis])
        self.marks = []
        for one in self.points:
            at = plot.point(one.cost.value, one.accuracy.value)
            self.marks.append((QRectF(at.x() - NEAR, at.y() - NEAR, 2 * NEAR, 2 * NEAR), words_of(one, self.axis)))
            paint_point(painter, plot, one, at)
        boxes = [self._name_box(plot, one) for one in self.points]
        for one, box in zip(self.points, clear_of_each_other(boxes), strict=True):
            painter.setFont(theme.font("small", bold=one.best))
            painter.setPen(theme.colour("text"))
            draw_elided(painter, box.left(), box.top() + QFontMetricsF(painter.font()).ascent(), box.width(),
                        one.side.title, name=True)  # fmt: skip

    def _name_box(self, plot: Plot, one: CostPoint) -> QRectF:
        """Right of the point where there is room, else left."""
        metrics, at = QFontMetricsF(theme.font("small", bold=one.best)), plot.point(one.cost.value, one.accuracy.value)
        right, left = plot.area.right() - at.x() - NEAR, at.x() - NEAR - plot.area.left()
        wide = min(metrics.horizontalAdvance(one.side.title) + 1, max(right, left))
        x = at.x() + NEAR if wide <= right or right >= left else at.x() - NEAR - wide
        return QRectF(x, at.y() - 4 - metrics.ascent(), wide, metrics.height())

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        unit = UNITS[self.axis]
        heads = ["side", unit, "low", "high", "accuracy", "low", "high", "none cheaper and better"]
        return heads, [row_of(one) for one in self.points]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = zip(self.marks, self.points, strict=False)
        hit = next((one for (box, _), one in found if box.contains(event.position())), None)
        if event.button() == Qt.MouseButton.LeftButton and hit is not None:
            self.chosen.emit(hit.side.tested[0][0].row.id)


def clear_of_each_other(boxes: Sequence[QRectF]) -> list[QRectF]:
    """The boxes, in their order; from the top down, one that would lie on another is moved below it."""
    placed: dict[int, QRectF] = {}
    for number in sorted(range(len(boxes)), key=lambda number: boxes[number].top()):
        box = QRectF(boxes[number])
        for other in sorted(placed.values(), key=QRectF.top):
            if box.intersects(other):
                box.moveTop(other.bottom())
        placed[number] = box
    return [placed[number] for number in range(len(boxes))]


def row_of(one: CostPoint) -> list[object]:
    """One line of the numbers behind the figure."""
    values = (value for part in (one.cost, one.accuracy) for value in (part.value, part.low, part.high))
    return [one.side.title, *values, "yes" if one.best else "no"]


def ends(low: float, high: float) -> tuple[float, ...]:
    return tuple(end for end in (low, high) if end == end)


def paint_point(painter: QPainter, plot: Plot, one: CostPoint, at: QPointF) -> None:
    """Its intervals as lines, the point filled where none is cheaper and better, else hollow."""
    colour = theme.curve_colour(one.side.colour)
    style = Qt.PenStyle.DashLine if one.side.dashed else Qt.PenStyle.SolidLine
    painter.setPen(QPen(colour, 1.5, style))
    if one.cost.known:
        low = max(one.cost.low, plot.x.low)
        painter.drawLine(plot.point(low, one.accuracy.value), plot.point(one.cost.high, one.accuracy.value))
    if one.accuracy.known:
        x = at.x()
        painter.drawLine(QPointF(x, plot.height(one.accuracy.low)), QPointF(x, plot.height(one.accuracy.high)))
    painter.setPen(QPen(colour, 2))
    painter.setBrush(colour if one.best else theme.colour("page"))
    painter.drawEllipse(at, 5, 5)


def words_of(one: CostPoint, axis: str) -> str:
    """ "LP-FT: 81.2 % (79.8 to 82.6), 4.31 ms an image (4.1 to 4.5)" """
    cost = f"{compact(one.cost.value, 3)} {UNITS[axis]}"
    cost += f" ({compact(one.cost.low, 3)} to {compact(one.cost.high, 3)})" if one.cost.known else ""
    share = f" ({percent(one.accuracy.low)} to {percent(one.accuracy.high)})" if one.accuracy.known else ""
    best = "; none is cheaper and better" if one.best else ""
    return f"{one.side.title}: {percent(one.accuracy.value)}{share}, {cost}{best}"
