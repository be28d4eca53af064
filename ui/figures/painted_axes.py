"""Axes of figures that paint themselves: linear, logarithmic or a row of words, with round ticks. No pyqtgraph."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from engine.comparison.wording import compact, thousands
from ui import theme

ROUND = (1, 2, 5)
ACROSS, UP = 64.0, 40.0  # about one tick per so many pixels
INSET = 12.0  # pixels beside named values


def brief(value: float) -> str:
    """A number on an axis: 0.01, 1e-5, 2,000."""
    return compact(value, 3) if abs(value) < 1e3 else thousands(value)


@dataclass(frozen=True)
class Axis:
    """From low to high; log: by equal ratios; choices: words at equal distances instead; percent: of fractions; named:
    (value, words) of its ticks, in place of round values and without lines through the plot."""

    low: float
    high: float
    log: bool = False
    choices: tuple[Any, ...] = ()
    percent: bool = False
    named: tuple[tuple[float, str], ...] = ()

    def share(self, value: Any) -> float:
        """Where a value lies, 0 at low and 1 at high."""
        if self.choices:
            return (self._places.get(value, 0) + 0.5) / len(self.choices)
        low, high = self._ends()
        at = math.log10(max(value, 1e-300)) if self.log else float(value)
        return (at - low) / (high - low) if high > low else 0.5

    @cached_property
    def _places(self) -> dict[Any, int]:
        """Where each choice lies: every run asks, and the names of runs are choices too."""
        return {choice: place for place, choice in enumerate(self.choices)}

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
        if self.named:
            return [(self.share(value), words) for value, words in self.named]
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


def around(values: Iterable[float], share: bool = False, low: float = -math.inf) -> Axis:
    """A linear axis a little wider than these values and not below low; 0 to 1 where there is none. share: fractions,
    told in percent and inside 0 and 1."""
    low, high = (0.0, 1.0) if share else (low, math.inf)
    known = [min(max(value, low), high) for value in values if math.isfinite(value)]
    least, most = (min(known), max(known)) if known else (0.0, 1.0)
    edge = max(0.06 * (most - least), 0.01 if share else 0.03 * max(abs(most), 1e-6))
    return Axis(max(low, least - edge), min(high, most + edge), percent=share)


@dataclass(frozen=True)
class Plot:
    """A rectangle of the painter with its two axes. up: what the vertical one is, told above it. Values with names stay
    away from its sides."""

    area: QRectF
    x: Axis
    y: Axis
    up: str = ""

    def across(self, share: float) -> float:
        """Pixels from the left of a share of the horizontal axis."""
        aside = INSET if self.x.named else 0.0
        return self.area.left() + aside + share * (self.area.width() - 2 * aside)

    def height(self, y: float) -> float:
        """Pixels from the top of a value of the vertical axis, inside the rectangle."""
        return self.area.bottom() - min(1.0, max(0.0, self.y.share(y))) * self.area.height()

    def point(self, x: Any, y: float) -> QPointF:
        return QPointF(self.across(self.x.share(x)), self.area.bottom() - self.y.share(y) * self.area.height())


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
    paint_levels(painter, plot)
    metrics, area, free = QFontMetricsF(painter.font()), plot.area, math.inf
    for share, words in reversed(plot.x.ticks(area.width())):
        x, half = plot.across(share), metrics.horizontalAdvance(words) / 2
        if plot.x.named and x + half + 4 > free:
            continue  # from the last one, which is often the longest; one that has no room is left out
        if not plot.x.named:
            _line(painter, QPointF(x, area.top()), QPointF(x, area.bottom()))
        free = x - half
        painter.drawText(QPointF(x - half, area.bottom() + metrics.ascent() + 4), words)
    left = max(0.0, area.center().x() - metrics.horizontalAdvance(title) / 2)  # wider than a narrow plot it stands out
    painter.drawText(QPointF(left, area.bottom() + metrics.height() + 6 + metrics.ascent()), title)


def paint_levels(painter: QPainter, plot: Plot) -> None:
    """The vertical axis: a faint line with its words at each round value, and above them what they are."""
    painter.setFont(theme.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    area = plot.area
    for share, words in plot.y.ticks(area.height(), UP):
        y = area.bottom() - share * area.height()
        _line(painter, QPointF(area.left(), y), QPointF(area.right(), y))
        painter.drawText(
            QPointF(area.left() - 8 - metrics.horizontalAdvance(words), y + metrics.ascent() / 2 - 1), words
        )
    painter.drawText(QPointF(0, metrics.ascent()), plot.up)


def _line(painter: QPainter, start: QPointF, end: QPointF) -> None:
    painter.setPen(QPen(theme.colour("grid"), 1))
    painter.drawLine(start, end)
    painter.setPen(theme.colour("muted"))
