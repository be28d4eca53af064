"""The way to one goal of a policy, before and after each step towards it, seen from above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine import metrics
from engine.comparison.wording import figure, number
from ui import theme
from ui.figures.curve_reading import after_words
from ui.figures.curve_task_picture import SWATCH, path
from ui.figures.painted import PaintedFigure, line_height
from ui.figures.painted_axes import Axis, Plot, paint_axes, plot_in

TITLE = "Ways to a goal"
HALF = 0.6  # of the plane that is shown at least; goals lie within 0.5
DOT, EDGE, NEAR = 4.5, 4.0, 12.0
RETURN = "test/return"


@dataclass(frozen=True, eq=False)
class WayToGoal:
    """After so many steps towards the goal: places float64 [moves + 1], and the mean return of tries with noise."""

    steps: int
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    reached: float


def ways_of(task: dict[str, Any]) -> tuple[WayToGoal, ...]:
    """Of an entry of the file; KeyError where a part is missing."""
    return tuple(
        WayToGoal(int(one["steps"]), np.asarray(one["x"], float), np.asarray(one["y"], float), float(one["return"]))
        for one in task["paths"]
    )


class PathPicture(PaintedFigure):
    """`show_task` draws a task of the run's folder; None empties the picture."""

    usual, least = QSize(300, 300), QSize(200, 210)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.ways: tuple[WayToGoal, ...] = ()
        self.goal = QPointF()
        self._plot: Plot | None = None

    def show_task(self, task: dict[str, Any] | None) -> None:
        """task: {"goal": [x, y], "paths": [{"steps", "return", "x", "y"}]}; KeyError where a part is missing."""
        self.ways = () if task is None else ways_of(task)
        self.goal = QPointF() if task is None else QPointF(*task["goal"])
        self._plot = None
        self.setAccessibleDescription(self.words())
        self.update()

    def words(self) -> str:
        """ "Return −3.41 before, −0.52 after 1 step, …"; "" while there is nothing."""
        said = [f"{figure(RETURN, one.reached)} {after_words(one.steps)}" for one in self.ways]
        return f"Return {', '.join(said)}" if said else ""

    def figure_size(self) -> QSize:
        return self.size().expandedTo(QSize(420, 420))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        rows = [(way.steps, move, x, y, way.reached) for way in self.ways for move, (x, y) in enumerate(points(way))]
        return ("inner steps", "move", "x", "y", "return"), rows

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        if not self.ways:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = size.width() - 2 * EDGE, size.height() - 2 * EDGE
        painter.save()
        painter.translate(EDGE, EDGE)
        top = self._paint_words(painter, width)
        plot = square(plot_in(width, height - top, self._axis(), self._axis()))
        painter.translate(0, top)
        paint_axes(painter, plot, "x")
        self._paint_ways(painter, plot)
        painter.restore()
        self._plot = Plot(plot.area.translated(EDGE, top + EDGE), plot.x, plot.y)

    def _axis(self) -> Axis:
        """Room for the goals and for where the point goes, within reason, the same in both directions."""
        far = max(float(np.abs(np.concatenate([way.x, way.y])).max()) for way in self.ways)
        half = min(max(HALF, 1.1 * far), 2.5 * HALF)
        return Axis(-half, half)

    def _paint_words(self, painter: QPainter, width: float) -> float:
        """What each line and dot is, over as many rows as it takes; returns the height used."""
        painter.setFont(theme.font("small", tabular=True))
        room, line = QFontMetricsF(painter.font()), line_height("small")
        left, top = 0.0, 0.0
        for words, ink in self._legend():
            needed = SWATCH + 4 + room.horizontalAdvance(words)
            if left and left + needed > width:
                left, top = 0.0, top + line
            paint_mark(painter, QRectF(left, top, SWATCH, line), ink)
            painter.setPen(theme.colour("muted"))
            painter.drawText(QPointF(left + SWATCH + 4, top + room.ascent()), words)
            left += needed + 12
        return top + line + 4

    def _legend(self) -> list[tuple[str, QPen | QColor]]:
        """(words, pen of a line or colour of a dot)."""
        ways = [(f"{figure(RETURN, way.reached)} {after_words(way.steps)}", way_pen(way)) for way in self.ways]
        return [*ways, ("start", theme.colour("faint")), ("goal", theme.colour("text"))]

    def _paint_ways(self, painter: QPainter, plot: Plot) -> None:
        painter.save()
        painter.setClipRect(plot.area.adjusted(-DOT, -DOT, DOT, DOT))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for way in self.ways:
            painter.setPen(way_pen(way))
            painter.drawPath(path(plot, way.x, way.y))
        for at, colour in ((QPointF(), "faint"), (self.goal, "text")):
            painter.setPen(QPen(theme.colour("card"), 1.5))
            painter.setBrush(theme.colour(colour))
            painter.drawEllipse(plot.point(at.x(), at.y()), DOT, DOT)
        painter.restore()

    def words_at(self, at: QPointF) -> str:
        """Which way passes here and where on it, or that this is the start or the goal; "" elsewhere."""
        if self._plot is None or not self.ways:
            return ""
        plot = self._plot
        marks = {"goal": plot.point(self.goal.x(), self.goal.y()), "start": plot.point(0.0, 0.0)}
        for words, mark in marks.items():
            if (mark - at).manhattanLength() < NEAR:
                return words
        near = [
            ((plot.point(x, y) - at).manhattanLength(), way, move)
            for way in self.ways for move, (x, y) in enumerate(points(way))
        ]  # fmt: skip
        distance, way, move = min(near, key=lambda one: one[0])
        if distance > NEAR:
            return ""
        return f"{after_words(way.steps)}, move {move}\nreturn {number(way.reached, metrics.of(RETURN).digits)}"


def points(way: WayToGoal) -> list[tuple[float, float]]:
    return list(zip(way.x.tolist(), way.y.tolist(), strict=True))


def square(plot: Plot) -> Plot:
    """As wide as high, so that a way looks as long as it is."""
    side = min(plot.area.width(), plot.area.height())
    left = plot.area.left() + (plot.area.width() - side) / 2
    return Plot(QRectF(left, plot.area.top(), side, side), plot.x, plot.y)


def way_pen(way: WayToGoal) -> QPen:
    """Before any step dashed and quiet, then a colour for each number of steps."""
    if not way.steps:
        return QPen(theme.colour("faint"), 1.5, Qt.PenStyle.DashLine)
    return QPen(theme.curve_colour(way.steps - 1), 2.0)


def paint_mark(painter: QPainter, box: QRectF, ink: QPen | QColor) -> None:
    """A piece of a line, or a dot."""
    if isinstance(ink, QPen):
        painter.setPen(ink)
        painter.drawLine(QPointF(box.left(), box.center().y()), QPointF(box.right(), box.center().y()))
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawEllipse(box.center(), DOT, DOT)
