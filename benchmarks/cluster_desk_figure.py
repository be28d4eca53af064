"""The figure of `benchmarks.cluster_desk`: what the desk and the line cost, a panel for each thing that grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, QSizeF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QApplication

from engine.comparison.intervals import Interval
from ui import theme
from ui.figures.drawing import arm_pen
from ui.figures.figure_export import save
from ui.figures.line_chart import ChartLine, LineChart
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis

NAMES = 80.0  # pixels for the lines' names
Told = Mapping[str, Any]

# group: (its title, what grows, the axis across)
PANELS = {
    "workers": ("Machines at work, 4 events/s each", "workers", "Machines (logarithmic)"),
    "events": ("Events, 16 machines", "rate", "Events a second of each (logarithmic)"),
    "waiting": ("Runs in line, 4 machines", "waiting", "Runs in line (logarithmic)"),
}


class CostPanels(PaintedFigure):
    """Shares of a core for each group."""

    def __init__(self, told: Sequence[Told]) -> None:
        super().__init__("A simulated cluster: what the desk and the line cost")
        self._charts = [
            (title, chart([one for one in told if one["group"] == group], what, across))
            for group, (title, what, across) in PANELS.items()
            if any(one["group"] == group for one in told)
        ]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        wide = size.width() / len(self._charts)
        for place, (title, one) in enumerate(self._charts):
            painter.save()
            painter.translate(place * wide, 0)
            painter.setFont(theme.font(bold=True))
            painter.setPen(theme.colour("text"))
            painter.drawText(0, 16, title)
            painter.translate(0, 24)
            one.paint(painter, QSizeF(wide - 12, size.height() - 24))
            painter.restore()

    def figure_size(self) -> QSize:
        return QSize(round((280 + NAMES) * len(self._charts)), 300)


def chart(told: Sequence[Told], what: str, across: str) -> LineChart:
    shown = sorted(told, key=lambda one: float(one[what]))
    lines = [line(shown, what, place, title, share) for place, (title, share) in enumerate(SHARES)]
    edges = [value for one in lines for _, interval, _ in one.points for value in (interval.value,)]
    at = [float(one[what]) for one in shown]
    named = tuple((x, f"{x:g}") for x in at)
    x = Axis(at[0], max(at[-1], 1.01 * at[0]), log=True, named=named)
    return LineChart(lines, x, Axis(0.0, 1.1 * max(edges), percent=True), across, "Of a core")


SHARES = (("The desk", "desk"), ("The line", "line"))


def line(told: Sequence[Told], what: str, place: int, title: str, share: str) -> ChartLine:
    points = []
    for one in told:
        value = float(one[share])
        points.append((float(one[what]), Interval(value, value, value, 1), f"{title}: {100 * value:.1f} %"))
    return ChartLine(title, QPen(arm_pen(place)), points, square=bool(place))


def draw(told: Sequence[Told], path: Path) -> None:
    """Of all rounds that were measured."""
    application = QApplication.instance() or QApplication([])
    save(CostPanels(told), path)
    application.quit()
