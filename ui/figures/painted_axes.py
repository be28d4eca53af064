"""Axes of figures that paint themselves: linear, logarithmic or a row of words, with round ticks. No pyqtgraph."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.comparison.wording import compact
from ui import theme

ROUND = (1, 2, 5)
ACROSS, UP = 64.0, 40.0  # about one tick per so many pixels


def brief(value: float) -> str:
    """A number on an axis: 0.01, 1e-5, 2,000."""
    return compact(value, 3) if abs(value) < 1e3 else f"{value:,.0f}"


@dataclass(frozen=True)
class Axis:
    """From low to high; log: by equal ratios; choices: words at equal distances instead; percent: of fractions."""

    low: float
    high: float
    log: bool = False
    choices: tuple[Any, ...] = ()
    percent: bool = False

    def share(self, value: Any) -> float:
        """Where a value lies, 0 at low and 1 at high."""
        if self.choices:
            place = self.choices.index(value) if value in self.choices else 0
            return (place + 0.5) / len(self.choices)
        low, high = self._ends()
        at = math.log10(max(value, 1e-300)) if self.log else float(value)
        return (at - low) / (high - low) if high > low else 0.5

    def value(self, share: float) -> float:
        """The value at this share of the axis."""
        low, high = self._ends()
        at = low + share * (high - low)
        return 10.0**at if self.log else at

    def _ends(self) -> tuple[float, float]:
        return (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)

    def ticks(self, pixels: float, apart: float = ACROSS) -> list[tuple[float, str]]:
        """(share, words) of round values, about `apart` pixels from one to the next."""
        if self.choices:
            return [(self.share(choice), str(choice)) for choice in self.choices]
        most = max(2, int(pixels / apart))
        found = self._log_ticks(most) if self.log else self._linear_ticks(most)
        return [(self.share(value), self.words(value)) for value in found]

    def words(self, value: float) -> str:
        if self.percent:
            return f"{100 * value:.3g} %"
        return brief(value)

    def _log_ticks(self, most: int) -> list[float]:
        low, high = (math.floor(math.log10(self.low) + 1e-9), math.ceil(math.log10(self.high) - 1e-9))
        decades = [10.0**power for power in range(low, high + 1)]
        inside = [value for value in decades if self.low * 0.999 <= value <= self.high * 1.001]
        if len(inside) < 3:
            fine = [digit * value for value in decades for digit in ROUND]
            inside = [value for value in fine if self.low * 0.999 <= value <= self.high * 1.001]
        return inside[:: max(1, math.ceil(len(inside) / most))]

    def _linear_ticks(self, most: int) -> list[float]:
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        power = 10.0 ** math.floor(math.log10(span / most))
        step = next(digit * power for digit in (*ROUND, 10) if digit * power >= span / most * 0.999)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [place * step for place in range(first, last + 1)]


def around(values: Sequence[float], room: float = 0.06, low: float = -math.inf, high: float = math.inf) -> Axis:
    """A linear axis a little wider than these values, inside low and high; 0 to 1 where there is none."""
    known = [value for value in values if math.isfinite(value)]
    least, most = (min(known), max(known)) if known else (0.0, 1.0)
    edge = max(room * (most - least), 0.03 * max(abs(most), 1e-6), 0.01 if high <= 1 else 0.0)
    return Axis(max(low, least - edge), min(high, most + edge), percent=high <= 1)


@dataclass(frozen=True)
class Plot:
    """A rectangle of the painter with its two axes. up: what the vertical one is, told above it."""

    area: QRectF
    x: Axis
    y: Axis
    up: str = ""

    def point(self, x: Any, y: float) -> QPointF:
        across, up = self.x.share(x), self.y.share(y)
        return QPointF(self.area.left() + across * self.area.width(), self.area.bottom() - up * self.area.height())


def plot_in(width: float, height: float, x: Axis, y: Axis, up: str = "") -> Plot:
    """The plot that leaves room for the words of both axes inside width and height."""
    metrics = QFontMetricsF(theme.font("small", tabular=True))
    line = metrics.height()
    top = line / 2 + (line + 2 if up else 0.0)
    inner = max(20.0, height - top - 1.5 * line - 14)
    left = max((metrics.horizontalAdvance(words) for _, words in y.ticks(inner, UP)), default=0.0) + 10
    return Plot(QRectF(left, top, max(20.0, width - left - 10), inner), x, y, up)


def paint_axes(painter: QPainter, plot: Plot, title: str) -> None:
    """A faint grid, the words of both axes, under them what the horizontal one is, above what the vertical."""
    painter.setFont(theme.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    area = plot.area
    for share, words in plot.y.ticks(area.height(), UP):
        y = area.bottom() - share * area.height()
        _line(painter, QPointF(area.left(), y), QPointF(area.right(), y))
        painter.drawText(
            QPointF(area.left() - 8 - metrics.horizontalAdvance(words), y + metrics.ascent() / 2 - 1), words
        )
    for share, words in plot.x.ticks(area.width()):
        x = area.left() + share * area.width()
        _line(painter, QPointF(x, area.top()), QPointF(x, area.bottom()))
        half = metrics.horizontalAdvance(words) / 2
        painter.drawText(QPointF(x - half, area.bottom() + metrics.ascent() + 4), words)
    below = QRectF(area.left(), area.bottom() + metrics.height() + 5, area.width(), metrics.height() + 2)
    painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), title)
    painter.drawText(QPointF(0, metrics.ascent()), plot.up)


def _line(painter: QPainter, start: QPointF, end: QPointF) -> None:
    painter.setPen(QPen(theme.colour("grid"), 1))
    painter.drawLine(start, end)
    painter.setPen(theme.colour("muted"))
