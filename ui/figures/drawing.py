"""The lines, bars and words that the figure of a study is drawn with, on any painter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from engine.comparison.intervals import Interval
from ui import theme
from ui.figures.painted_axes import Plot

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
HATCHES = (Qt.BrushStyle.BDiagPattern, Qt.BrushStyle.DiagCrossPattern, Qt.BrushStyle.HorPattern)
COLOURS = 6  # of the palette that read well as lines
SWATCH = 18.0
LEFT = 52.0  # pixels before a legend


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


def paint_whisker(painter: QPainter, plot: Plot, x: float, interval: Interval, colour: QColor) -> None:
    """The interval as an upright line with ends; nothing where it is not known."""
    if not interval.known:
        return
    top, bottom = plot.height(interval.high), plot.height(interval.low)
    painter.setPen(QPen(colour, 1.5))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    for y in (top, bottom):
        painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))


def paint_mark(
    painter: QPainter, at: QPointF, colour: QColor, square: bool = False, size: float = 4.0, hollow: bool = False
) -> None:
    """A mark in this colour: round or square, filled or a ring."""
    painter.setPen(QPen(colour, 2) if hollow else QPen(theme.colour("page"), 1.2))
    painter.setBrush(theme.colour("page") if hollow else colour)
    if square:
        painter.drawRect(QRectF(at.x() - size, at.y() - size, 2 * size, 2 * size))
    else:
        radius = size + (1.5 if hollow else 0.5)
        painter.drawEllipse(at, radius, radius)


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


def blend(ground: QColor, hue: QColor, share: float) -> QColor:
    """`ground` tinted by `share` of `hue`, opaque."""
    parts = ((ground.redF(), hue.redF()), (ground.greenF(), hue.greenF()), (ground.blueF(), hue.blueF()))
    return QColor.fromRgbF(*((1 - share) * g + share * h for g, h in parts))


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
