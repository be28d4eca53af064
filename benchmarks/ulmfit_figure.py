"""ULMFiT's figure, drawn and as a table, from what `benchmarks.ulmfit` measured: a panel for each set of texts."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, QSizeF
from PySide6.QtGui import QPainter, QPen

from engine.comparison.intervals import Interval, mean_interval
from ui import theme
from ui.figures.drawing import arm_pen
from ui.figures.line_chart import ChartLine, LineChart
from ui.figures.painted import PaintedFigure
from ui.figures.painted_axes import Axis

NAMES = 190.0  # pixels for the arms' names


@dataclass(frozen=True)
class Panel:
    """error: by arm and labels, one figure a draw. every: how many labels a class has where all are taken."""

    title: str
    error: dict[str, dict[int, list[float]]]
    every: int


def panel(title: str, arms: tuple[str, ...], cells: dict[str, float], every: int) -> Panel:
    """cells: by "arm, labels, draw"."""
    error: dict[str, dict[int, list[float]]] = {arm: {} for arm in arms}
    for key, value in cells.items():
        arm, labels, _ = key.rsplit(", ", 2)
        error[arm].setdefault(int(labels), []).append(value)
    return Panel(title, error, every)


def interval(values: list[float]) -> Interval:
    return mean_interval(values) if len(values) > 1 else Interval(values[0], values[0], values[0], 1)


class ErrorPanels(PaintedFigure):
    """A panel for each set: the error over labels a class, both axes logarithmic."""

    def __init__(self, panels: list[Panel]) -> None:
        super().__init__("ULMFiT's figure: test error over labels")
        self._panels = panels

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        wide = (size.width() - NAMES) / max(1, len(self._panels))
        for place, one in enumerate(self._panels):
            last = place == len(self._panels) - 1
            painter.save()
            painter.translate(place * wide, 0)
            painter.setFont(theme.font(bold=True))
            painter.setPen(theme.colour("text"))
            painter.drawText(0, 16, one.title)
            painter.translate(0, 24)
            chart_of(one, named=last).paint(painter, QSizeF(wide - 12 + last * NAMES, size.height() - 24))
            painter.restore()

    def figure_size(self) -> QSize:
        return QSize(round(320 * len(self._panels) + NAMES), 400)


def chart_of(one: Panel, named: bool) -> LineChart:
    """named: with the arms' names at its right."""
    lines = []
    for place, arm in enumerate(one.error):
        points = [
            (float(labels or one.every), shown := interval(values), f"{arm}, {labels}: {shown.value:.3f}")
            for labels, values in sorted(one.error[arm].items(), key=lambda pair: pair[0] or one.every)
        ]
        lines.append(
            ChartLine(
                arm if named else "", QPen(arm_pen(place)), points, square=bool(place % 2), aside=3.0 * place - 4.5
            )
        )
    at = sorted({x for line in lines for x, _, _ in line.points})
    edges = [edge for line in lines for _, shown, _ in line.points for edge in (shown.low, shown.value, shown.high)]
    across = Axis(at[0], at[-1], log=True, named=tuple((x, "all" if x == one.every else f"{x:g}") for x in at))
    up = Axis(max(0.005, min(edges) * 0.9), min(1.0, max(edges) * 1.1), log=True, percent=True)
    return LineChart(lines, across, up, "Labels per class (logarithmic)", "Test error, mean and 95 % interval", False)


def table(one: Panel) -> str:
    counts = sorted(next(iter(one.error.values())), key=lambda labels: labels or one.every)
    lines = [f"| {one.title} | {' | '.join(f'{n}' if n else f'all ({one.every})' for n in counts)} |"]
    lines.append("|---" * (len(counts) + 1) + "|")
    for arm in one.error:
        told = [interval(one.error[arm][n]) for n in counts]
        said = [f"{100 * i.value:.1f}" + (f" ± {100 * i.half:.1f}" if i.n > 1 else "") for i in told]
        lines.append(f"| {arm} | {' | '.join(said)} |")
    return "\n".join(lines)
