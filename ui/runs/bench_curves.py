"""Accuracy against labels per class, one line per head with the band of its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from engine.bench.figures import BenchFigure
from engine.comparison.intervals import Interval
from ui import theme
from ui.figures.drawing import arm_pen
from ui.figures.line_chart import ChartLine, LineChart
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis, around
from ui.runs.bench_words import by_head, short_count, tip

TITLE = "Accuracy against labels per class"
UNIT = "Test accuracy, mean and 95 % interval"
NONE = 0.5  # place of no labels
NUMBERS = ("head", "labels per class", "mean labels per class", "test accuracy", "low", "high", "cross-validation")


class BenchCurves(PaintedFigure):
    """`show_figures` draws what is known so far; a point says its numbers when pointed at."""

    usual, least = QSize(560, 300), QSize(300, 240)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self._figures: list[BenchFigure] = []
        self._empty = ""

    def show_figures(self, figures: Sequence[BenchFigure]) -> None:
        self._figures = list(figures)
        self.setAccessibleDescription("; ".join(tip(figure) for figure in figures) or self._empty)
        self.update()

    def say_empty(self, text: str) -> None:
        """What stands in the middle while nothing is measured."""
        self._empty = text
        self.update()

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        return NUMBERS, [[f.head, f.count, f.position, f.accuracy, f.low, f.high, f.folds] for f in self._figures]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        lines = by_head(self._figures)
        self.marks = []
        if not lines:
            painter.setPen(theme.colour("faint"))
            painter.drawText(QRectF(0, 0, size.width(), size.height()), Qt.AlignmentFlag.AlignCenter, self._empty)
            return
        counts = sorted({(place_of(f), short_count(f)) for f in self._figures})
        across = Axis(counts[0][0], counts[-1][0], log=True, named=tuple(counts))
        edges = [edge for f in self._figures for edge in (f.accuracy, f.low, f.high)]
        drawn = [line_of(place, head, line) for place, (head, line) in enumerate(lines.items())]
        chart = LineChart(drawn, across, around(edges, share=True), "Labels per class (logarithmic)", UNIT)
        self.marks = chart.paint(painter, size)


def place_of(figure: BenchFigure) -> float:
    """On the logarithmic axis, where no labels at all stand as far before 1 as 2 stands after it."""
    return figure.position or NONE


def line_of(place: int, head: str, line: Sequence[BenchFigure]) -> ChartLine:
    points = [(place_of(f), Interval(f.accuracy, f.low, f.high, 0), tip(f)) for f in line]
    return ChartLine(head, arm_pen(place), points, square=bool(place % 2))
