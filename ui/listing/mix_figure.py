"""Right answers against alpha, from a run's start to its result, with the chosen alpha and the one looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import nan
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from engine.comparison.intervals import Interval
from engine.comparison.wording import percent
from ui import theme
from ui.figures.line_chart import ChartLine, LineChart
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis, Plot, around

if TYPE_CHECKING:
    from engine.mixtures.wise_ft import Along

ALPHA = "Alpha: 0 the start, 1 the result"
READERS = {"old head": "Old classes, old head", "fresh probe": "Old classes, fresh probe"}


def series_of(found: Along) -> dict[str, list[float]]:
    """Title -> a fraction for each alpha; the new classes' validation and test images first."""
    soundings = {"Validation": found.validation, "Test": found.test, found.further_title: found.further}
    series = {title: [one.accuracy for one in along] for title, along in soundings.items() if along}
    for reader, title in READERS.items() if found.source else ():
        series[title] = [float(one.right[reader].mean()) for one in found.source]
    return series


class MixFigure(PaintedFigure):
    """`show_along` draws; `look_at` moves the line that stands where the slider is."""

    usual, least = QSize(600, 300), QSize(320, 220)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Between start and result", parent)
        self.series: dict[str, list[float]] = {}
        self.alphas: tuple[float, ...] = ()
        self.chosen: int | None = None
        self.looked_at = 0

    def show_along(self, found: Along, alphas: tuple[float, ...]) -> None:
        self.series, self.alphas, self.chosen = series_of(found), alphas, found.chosen
        ends = {title: (percent(values[0]), percent(values[-1])) for title, values in self.series.items()}
        said = (f"{title} {start} at 0, {result} at 1" for title, (start, result) in ends.items())
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def look_at(self, place: int) -> None:
        self.looked_at = place
        self.update()

    def figure_size(self) -> QSize:
        return super().figure_size().expandedTo(QSize(600, 340))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        rows = zip(self.alphas, *self.series.values(), strict=True)
        chosen = None if self.chosen is None else self.alphas[self.chosen]
        return ["alpha", *self.series, "chosen"], [[*row, "yes" if row[0] == chosen else "no"] for row in rows]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        if not self.series:
            return
        up = around((value for values in self.series.values() for value in values), share=True)
        chart = LineChart([*self._lines()], Axis(0.0, 1.0), up, ALPHA, "Right answers", bands=False)
        self._paint_places(painter, chart.plot(size))
        self.marks = chart.paint(painter, size)

    def _lines(self) -> Iterable[ChartLine]:
        for tint, (title, values) in enumerate(self.series.items()):
            style = Qt.PenStyle.DashLine if title in READERS.values() else Qt.PenStyle.SolidLine
            points = [
                (alpha, Interval(value, nan, nan, 0), f"{title}, alpha {alpha:g}: {percent(value)}")
                for alpha, value in zip(self.alphas, values, strict=True)
            ]
            own = None if self.chosen is None else self.alphas[self.chosen]
            yield ChartLine(title, QPen(theme.curve_colour(tint), 2, style), points, own)

    def _paint_places(self, painter: QPainter, plot: Plot) -> None:
        """Upright lines: dashed at the chosen alpha, solid where the slider is."""
        places = [(self.looked_at, Qt.PenStyle.SolidLine)]
        places += [(self.chosen, Qt.PenStyle.DashLine)] if self.chosen is not None else []
        for place, style in places:
            painter.setPen(QPen(theme.colour("muted"), 1, style))
            x = plot.point(self.alphas[place], plot.y.low).x()
            painter.drawLine(QPointF(x, plot.area.top()), QPointF(x, plot.area.bottom()))
