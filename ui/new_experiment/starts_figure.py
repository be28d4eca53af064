"""A score against what was reached: a dot for each start, with its name and its interval over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import compact, with_interval
from engine.transferability.table import KNN, SIZE, TITLES
from ui import theme
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis, Plot, around, paint_axes, plot_in
from ui.new_experiment.starts_words import Ranked, score_words

NEAR = 9.0  # pixels around a dot that are the dot
SIDES = (-6.0, 10.0, -20.0, 24.0)  # of a name's baseline from its dot, the first that is free


class StartsFigure(PaintedFigure):
    usual, least = QSize(460, 240), QSize(260, 170)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Accuracy against score", parent)
        self.points: tuple[Ranked, ...] = ()
        self.score = KNN

    def show_points(self, points: Sequence[Ranked], score: str) -> None:
        self.points, self.score = tuple(points), score
        self.setAccessibleDescription("; ".join(self._said(one) for one in points))
        self.update()

    def _said(self, one: Ranked) -> str:
        words = compact(one.score, 3) if self.score == SIZE else score_words(self.score, one.score)
        return f"{one.title}: {TITLES[self.score]} {words}, reached {with_interval(one.reached)}"

    def _plot(self, size: QSizeF) -> Plot:
        across = [one.score for one in self.points]
        up = [end for one in self.points for end in (one.reached.value, one.reached.low, one.reached.high)]
        far = self.score == SIZE and len(across) > 1
        x = Axis(min(across) / 1.5, max(across) * 1.5, log=True) if far else around(across, share=self.score == KNN)
        return plot_in(size.width(), size.height(), x, around(up, share=True), "Test accuracy")

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        if not self.points:
            return
        plot = self._plot(size)
        paint_axes(painter, plot, "Parameters" if self.score == SIZE else TITLES[self.score])
        dots = [plot.point(one.score, one.reached.value) for one in self.points]
        taken = [QRectF(at.x() - NEAR, at.y() - NEAR, 2 * NEAR, 2 * NEAR) for at in dots]
        self.marks = [(box, self._said(one)) for box, one in zip(taken, self.points, strict=True)]
        colour = theme.curve_colour(0)
        for one, at in zip(self.points, dots, strict=True):
            painter.setPen(QPen(colour, 1.5))
            if one.reached.known:
                low, high = plot.height(one.reached.low), plot.height(one.reached.high)
                painter.drawLine(QPointF(at.x(), low), QPointF(at.x(), high))
            painter.setBrush(colour)
            painter.drawEllipse(at, 4, 4)
        for one, at in zip(self.points, dots, strict=True):
            _paint_name(painter, plot, one.title, at, taken)

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads = ["start", TITLES[self.score], "test accuracy", "low", "high", "runs"]
        rows = ([p.title, p.score, p.reached.value, p.reached.low, p.reached.high, p.reached.n] for p in self.points)
        return heads, rows


def _paint_name(painter: QPainter, plot: Plot, title: str, at: QPointF, taken: list[QRectF]) -> None:
    """Beside the dot, where no other name or dot is; left of it where the right has too little room. Where no place is
    free it has to be pointed at."""
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour("text"))
    metrics = QFontMetricsF(painter.font())
    right, left = plot.area.right() - at.x() - NEAR, at.x() - NEAR - plot.area.left()
    words = metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, max(right, left))
    wide = metrics.horizontalAdvance(words)
    x = at.x() + NEAR if wide <= right or right >= left else at.x() - NEAR - wide
    boxes = [QRectF(x, at.y() + side - metrics.ascent(), wide, metrics.height()) for side in SIDES]
    inside = [box for box in boxes if plot.area.top() - 4 <= box.top() and box.bottom() <= plot.area.bottom()]
    free = next((box for box in inside if not any(box.intersects(one) for one in taken)), None)
    if free is not None:
        taken.append(free)
        painter.drawText(QPointF(x, free.top() + metrics.ascent()), words)
