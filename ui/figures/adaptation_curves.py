"""How a meta-learner's figure changes with inner steps, shots or hardness: a line with its 95 % band, one per arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from engine.comparison.adaptation import HARDNESS, AdaptationCurve
from engine.comparison.intervals import Interval
from engine.comparison.wording import ACCURACY, percent, with_interval
from engine.metrics import SHOTS, STEPS
from engine.metrics import of as metric_of
from engine.metrics import words as metric_words
from ui import theme
from ui.figures.line_chart import ChartLine, LineChart
from ui.figures.painted import PaintedFigure, Section
from ui.figures.painted_axes import ACROSS, Axis, around

AXES = {STEPS: "Inner steps", SHOTS: "Shots (logarithmic)", HARDNESS: "Hardness (error on plain pixels)"}
ACROSS_MOST = 2  # figures beside each other
LEAST_WIDTH = 240  # pixels of a figure


@dataclass(frozen=True, eq=False)
class AdaptationLine:
    """One arm. title: "" when there is one arm only and it needs no name. tint: index of its colour."""

    title: str
    curve: AdaptationCurve
    tint: int
    dashed: bool = False


class WholeAxis(Axis):
    """Ticks at whole numbers only: there is no half inner step."""

    def ticks(self, pixels: float, apart: float = ACROSS) -> list[tuple[float, str]]:
        found = super().ticks(pixels, apart)
        return [(share, words) for share, words in found if "." not in words]


def title_of(over: str, metric: str) -> str:
    return f"{metric_of(metric).title} against {over}"


class AdaptationCurves(PaintedFigure):
    """`show_lines` draws; hidden by its owner while there is nothing. over: one of `AXES`."""

    def __init__(self, over: str, parent: QWidget | None = None) -> None:
        super().__init__(title_of(over, ACCURACY), parent)
        self.over = over
        self.lines: list[AdaptationLine] = []
        self.measured = ACCURACY  # name of the metric; QWidget has a `metric` of its own

    def show_lines(self, lines: Sequence[AdaptationLine], metric: str) -> None:
        self.lines, self.measured = list(lines), metric
        self.title = title_of(self.over, metric)
        said = "; ".join(self._said(line, place) for line in lines for place in (0, len(line.curve.x) - 1))
        self.setAccessibleDescription(said)
        self.update()

    def figure_size(self) -> QSize:
        return super().figure_size().expandedTo(QSize(480, 320))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        figure = metric_words(self.measured)
        heads = ["side", self.over, figure, "low", "high", "interval"]
        return heads, [
            [
                line.title,
                float(x) if self.over == HARDNESS else int(x),
                float(y),
                float(low),
                float(high),
                line.curve.basis,
            ]
            for line in self.lines
            for x, y, low, high in zip(line.curve.x, line.curve.y, line.curve.low, line.curve.high, strict=True)
        ]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        if self.lines:
            lines = [self._line(line) for line in self.lines]
            edges = [
                edge for line in lines for _, shown, _ in line.points for edge in (shown.value, shown.low, shown.high)
            ]
            measured = metric_of(self.measured)
            up = around(edges, measured.is_share, measured.limits[0])
            self.marks = LineChart(lines, self._across(), up, AXES[self.over]).paint(painter, size)

    def _line(self, line: AdaptationLine) -> ChartLine:
        curve = line.curve
        shown = [Interval(y, low, high, 0) for y, low, high in np.stack([curve.y, curve.low, curve.high], 1).tolist()]
        points = [(float(x), shown[place], self._said(line, place)) for place, x in enumerate(curve.x)]
        pen = QPen(theme.curve_colour(line.tint), 2, Qt.PenStyle.DashLine if line.dashed else Qt.PenStyle.SolidLine)
        return ChartLine(line.title, pen, points, float(curve.own))

    def _across(self) -> Axis:
        xs = np.concatenate([line.curve.x for line in self.lines])
        low, high = float(xs.min()), float(xs.max())
        if self.over == HARDNESS:
            return Axis(low, high, percent=True)
        return WholeAxis(low, high) if self.over == STEPS else Axis(max(low, 1.0), max(high, low + 1.0), log=True)

    def _said(self, line: AdaptationLine, place: int) -> str:
        """E.g. "MAML: 95.2 % (94.8 to 95.6) after 3 inner steps, over test episodes"."""
        curve = line.curve
        shown = Interval(float(curve.y[place]), float(curve.low[place]), float(curve.high[place]), 0)
        figure = with_interval(shown, self.measured)
        words = f"{figure} {where_words(self.over, float(curve.x[place]))}"
        words += f", {curve.basis}" if shown.known else ""
        words += " (the test's own)" if curve.x[place] == curve.own else ""
        return f"{line.title}: {words}" if line.title else words

    def words_at(self, at: QPointF) -> str:
        return "\n".join(words for box, words in self.marks if box.contains(at))


def where_words(over: str, x: float) -> str:
    """ "after 3 inner steps", "with 5 shots", "on tasks of 40 % hardness"."""
    if over == HARDNESS:
        return f"on tasks of {percent(x, 0)} hardness"
    return f"after {x:g} inner {'step' if x == 1 else 'steps'}" if over == STEPS else f"with {x:g} shots"


class AdaptationFigures(QWidget):
    """The curves beside and below each other, each hidden while there is nothing of it, all when there is nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures = {over: AdaptationCurves(over) for over in AXES}
        self.sections = {over: Section(figure.title, figure, figure.menu) for over, figure in self.figures.items()}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(24)
        self._shown: list[Section] = []
        self._across = 0
        self.hide()

    def show_lines(self, lines: dict[str, list[AdaptationLine]], metric: str) -> None:
        """lines: by what the curves are over."""
        for over, figure in self.figures.items():
            figure.show_lines(lines.get(over, []), metric)
            self.sections[over].heading.setText(figure.title)
            self.sections[over].setVisible(bool(lines.get(over)))
        self._shown = [section for over, section in self.sections.items() if lines.get(over)]
        self._place()
        self.setVisible(any(lines.values()))

    def minimumSizeHint(self) -> QSize:
        """As narrow as the widest of them: they can always stand below each other."""
        width = max((section.minimumSizeHint().width() for section in self._shown), default=0)
        return QSize(width, self._grid.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._across != self._fitting():
            self._place()

    def _fitting(self) -> int:
        """How many fit beside each other."""
        return ACROSS_MOST if self.width() >= ACROSS_MOST * LEAST_WIDTH + self._grid.spacing() else 1

    def _place(self) -> None:
        """Two in a row where there is room; one that is left alone has the row to itself."""
        self._across = self._fitting()
        for section in self.sections.values():
            self._grid.removeWidget(section)
        for place, section in enumerate(self._shown):
            row, column = divmod(place, self._across)
            alone = place == len(self._shown) - 1 and column == 0
            self._grid.addWidget(section, row, column, 1, ACROSS_MOST if alone or self._across == 1 else 1)
