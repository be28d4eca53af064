"""Old classes (up) against new ones (across), a curve for each recipe: a dot for each epoch, a ring at its start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import nan

from PySide6.QtCore import QPointF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.comparison.intervals import Interval
from ui import theme
from ui.figures.drawing import paint_mark
from ui.figures.kept_paths import KeptPath
from ui.figures.line_chart import ChartLine, LineChart
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis, around

ACROSS, UP = "New classes, validation examples", "Old classes, test examples"
LEAST = 0.1  # of a fraction that an axis goes over at least
FIRST, LAST = 4.0, 4.5  # pixels of the marks where a path begins and ends


class KeptFigure(PaintedFigure):
    """`show_paths` draws; hidden by its owner while there is nothing."""

    usual, least = QSize(560, 300), QSize(300, 240)

    def __init__(self, title: str = "Old classes against new ones", parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.paths: tuple[KeptPath, ...] = ()

    def show_paths(self, paths: Sequence[KeptPath]) -> None:
        self.paths = tuple(path for path in paths if path.points)
        said = (path.words(place) for path in self.paths for place in (0, len(path.points) - 1))
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def figure_size(self) -> QSize:
        return super().figure_size().expandedTo(QSize(560, 360))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads = ["recipe", "epoch", "new classes", "old classes"]
        return heads, [[path.title, epoch, *pair] for path in self.paths for epoch, pair in enumerate(path.points)]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        if not self.paths:
            return
        x, y = (wide(pair[axis] for path in self.paths for pair in path.points) for axis in (0, 1))
        chart = LineChart([line_of(path) for path in self.paths], x, y, ACROSS, UP, bands=False)
        self.marks = chart.paint(painter, size)
        plot = chart.plot(size)
        for path in self.paths:
            colour = theme.curve_colour(path.tint)
            paint_mark(painter, plot.point(*path.points[-1]), colour, size=LAST)
            paint_mark(painter, plot.point(*path.points[0]), colour, size=FIRST, hollow=True)

    def words_at(self, at: QPointF) -> str:
        return "\n".join(words for box, words in self.marks if box.contains(at))


def wide(values: Iterable[float]) -> Axis:
    """Around these shares, and never so near that half a point looks like a loss."""
    found = around(values, share=True)
    short = (LEAST - (found.high - found.low)) / 2
    if short <= 0:
        return found
    low = min(max(0.0, found.low - short), 1.0 - LEAST)
    return Axis(low, low + LEAST, percent=True)


def line_of(path: KeptPath) -> ChartLine:
    style = Qt.PenStyle.DashLine if path.dashed else Qt.PenStyle.SolidLine
    points = [(new, Interval(old, nan, nan, 0), path.words(place)) for place, (new, old) in enumerate(path.points)]
    return ChartLine(path.title, QPen(theme.curve_colour(path.tint), 2, style), points)
