"""The lines, bars and words that the figure of a study is drawn with, on any painter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from engine.comparison.intervals import Interval
from engine.comparison.wording import ACCURACY, is_share, number
from ui import theme

STEPS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
HATCHES = (Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.DiagCrossPattern, Qt.BrushStyle.HorPattern)
COLOURS = 6  # of the palette that read well as lines
SWATCH = 18.0
LEFT, FOOT = 52.0, 46.0  # pixels beside and below the data


@dataclass(frozen=True)
class Frame:
    """Where the data go, in pixels, the figures at its lower and upper edge, and what they are figures of."""

    box: QRectF
    low: float
    high: float
    metric: str = ACCURACY

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.box.bottom() - min(1.0, max(0.0, share)) * self.box.height()

    def ticks(self) -> list[float]:
        """Round figures, about one per 44 pixels."""
        wanted = (self.high - self.low) * 44 / max(1.0, self.box.height())
        step = next((step for step in STEPS if step >= wanted), STEPS[-1])
        first, last = round(self.low / step + 0.499), round(self.high / step - 0.499)
        return [place * step for place in range(first, last + 1)]


@dataclass(frozen=True)
class LogPlace:
    """Label counts over left..right pixels, by equal ratios; a count alone stands in the middle."""

    low: float
    high: float
    left: float
    right: float

    def x(self, labels: float) -> float:
        if self.high <= self.low:
            return (self.left + self.right) / 2
        return self.left + log(labels / self.low) / log(self.high / self.low) * (self.right - self.left)


def arm_colour(arm: int) -> QColor:
    return theme.curve_colour(arm)


def arm_pen(arm: int, width: float = 2.0) -> QPen:
    """The arm's colour; arms that share one differ in their dashes, and neighbours do too."""
    return QPen(arm_colour(arm), width, DASHES[(arm // COLOURS + arm % 2) % len(DASHES)])


def paint_swatch(painter: QPainter, box: QRectF, series: int) -> None:
    """A box in the colour of a series; those that share a colour with an earlier one are hatched."""
    painter.fillRect(box, arm_colour(series))
    if series // COLOURS:
        painter.fillRect(box, QBrush(theme.colour("page"), HATCHES[(series // COLOURS - 1) % len(HATCHES)]))


def percent_tick(value: float) -> str:
    whole = abs(100 * value - round(100 * value)) < 1e-6
    return f"{number(100 * value, 0 if whole else 1)} %"


def tick(value: float, metric: str) -> str:
    """ "80 %" of an accuracy; "0.25" of an error."""
    return percent_tick(value) if is_share(metric) else f"{value:.3f}".rstrip("0").rstrip(".")


def paint_levels(painter: QPainter, frame: Frame) -> None:
    """Horizontal lines with their figures at the left."""
    painter.setFont(theme.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    for level in frame.ticks():
        y = frame.y(level)
        painter.setPen(QPen(theme.colour("grid"), 1))
        painter.drawLine(QPointF(frame.box.left(), y), QPointF(frame.box.right(), y))
        text = tick(level, frame.metric)
        painter.setPen(theme.colour("muted"))
        at = QPointF(frame.box.left() - 8 - metrics.horizontalAdvance(text), y + metrics.capHeight() / 2)
        painter.drawText(at, text)


def paint_whisker(painter: QPainter, frame: Frame, x: float, interval: Interval, colour: QColor) -> None:
    """The interval as an upright line with ends; nothing where it is not known."""
    if not interval.known:
        return
    top, bottom = frame.y(interval.high), frame.y(interval.low)
    painter.setPen(QPen(colour, 1.5))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    for y in (top, bottom):
        painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))


def paint_mark(painter: QPainter, at: QPointF, arm: int, size: float = 4.0) -> None:
    """A filled mark in the arm's colour: round, or square for every other arm."""
    painter.setPen(QPen(theme.colour("page"), 1.2))
    painter.setBrush(arm_colour(arm))
    if arm % 2:
        painter.drawRect(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size))
    else:
        painter.drawEllipse(at, size + 0.5, size + 0.5)


def wrapped(words: str, width: float, metrics: QFontMetricsF) -> list[str]:
    """The words in as many lines as they need, a line too long for its place shortened."""
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in lines]


def paint_centred(painter: QPainter, x: float, top: float, width: float, words: str, most: int = 2) -> None:
    """Words under a place of the axis, in at most `most` lines."""
    metrics = QFontMetricsF(painter.font())
    for place, line in enumerate(wrapped(words, width, metrics)[:most]):
        at = QPointF(x - metrics.horizontalAdvance(line) / 2, top + metrics.ascent() + place * metrics.lineSpacing())
        painter.drawText(at, line)


def legend_rows(titles: Sequence[str], width: float) -> list[list[tuple[int, float]]]:
    """Lines of (arm, x) for swatches with words, filled from the left."""
    metrics = QFontMetricsF(theme.font("small"))
    rows: list[list[tuple[int, float]]] = [[]]
    x = 0.0
    for place, title in enumerate(titles):
        needed = SWATCH + metrics.horizontalAdvance(title) + 20
        if rows[-1] and x + needed > width:
            rows.append([])
            x = 0.0
        rows[-1].append((place, x))
        x += needed
    return rows


def legend_height(titles: Sequence[str], width: float) -> float:
    return len(legend_rows(titles, width)) * (QFontMetricsF(theme.font("small")).height() + 4) + 8


def paint_legend(painter: QPainter, titles: Sequence[str], left: float, width: float) -> None:
    """A swatch and the name of every series, at the top."""
    painter.setFont(theme.font("small"))
    metrics = QFontMetricsF(painter.font())
    for number_, row in enumerate(legend_rows(titles, width)):
        top = number_ * (metrics.height() + 4)
        for place, x in row:
            paint_swatch(painter, QRectF(left + x, top + 3, 11, metrics.height() - 6), place)
            painter.setPen(theme.colour("text"))
            said = metrics.elidedText(titles[place], Qt.TextElideMode.ElideRight, width - x - SWATCH)
            painter.drawText(QPointF(left + x + SWATCH, top + metrics.ascent()), said)
