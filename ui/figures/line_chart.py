"""A painted chart of lines: bands or whiskers of 95 % intervals, marks that say their numbers, names at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.comparison.intervals import Interval
from ui import theme
from ui.figures.drawing import paint_mark, paint_whisker
from ui.figures.painted import draw_elided
from ui.figures.painted_axes import Axis, Plot, paint_axes, plot_in

NAME, SHARE = 170.0, 0.3  # pixels that a line's name may have, and its share of a wider chart
MOST = 1 / 3  # of the chart that names take at most
SWATCH = 18.0  # pixels of the stroke before it
BAND = 0.14  # how much of a line's colour its band has
MANY = 24  # points of a line beyond which they are dots
NEAR = 7.0  # pixels around a mark that belong to it

Marks = list[tuple[QRectF, str]]
Point = tuple[float, Interval, str]


@dataclass(frozen=True, eq=False)
class ChartLine:
    """points: (x, figure with its interval, what it says) by rising x. own: x of the one that is drawn hollow. square:
    its marks, a second cue beside colour. aside: pixels it stands beside its x."""

    title: str
    pen: QPen
    points: Sequence[Point]
    own: float | None = None
    square: bool = False
    aside: float = 0.0


@dataclass(frozen=True, eq=False)
class LineChart:
    """across, up: what the axes are. bands: intervals as bands, else as whiskers."""

    lines: Sequence[ChartLine]
    x: Axis
    y: Axis
    across: str
    up: str = ""
    bands: bool = True

    def plot(self, size: QSizeF) -> Plot:
        """Where the data go, left of the lines' names."""
        metrics = QFontMetricsF(theme.font("small"))
        widest = max((metrics.horizontalAdvance(line.title) for line in self.lines if line.points), default=0.0)
        room = min(most_name(size), widest) + SWATCH + 8 if widest else 8.0
        return plot_in(size.width() - room, size.height(), self.x, self.y, self.up)

    def paint(self, painter: QPainter, size: QSizeF) -> Marks:
        """Draw into 0, 0, size; returns where each mark is and what it says."""
        plot, drawn = self.plot(size), [line for line in self.lines if line.points]
        paint_axes(painter, plot, self.across)
        painter.save()
        painter.setClipRect(plot.area.adjusted(-6, -6, 6, 6))
        for line in drawn if self.bands else ():
            paint_band(painter, plot, line)
        marks = [mark for line in drawn for mark in self._paint_line(painter, plot, line)]
        painter.restore()
        return marks + paint_ends(painter, plot, [line for line in drawn if line.title], most_name(size))

    def _paint_line(self, painter: QPainter, plot: Plot, line: ChartLine) -> Marks:
        places = [plot.point(x, shown.value) + QPointF(line.aside, 0) for x, shown, _ in line.points]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(line.pen)
        painter.drawPolyline(places)
        for at, (x, shown, _) in zip(places, line.points, strict=True):
            if not self.bands:
                paint_whisker(painter, plot, at.x(), shown, line.pen.color())
            size = 3.5 if len(places) <= MANY else 1.5
            paint_mark(painter, at, line.pen.color(), line.square, size, hollow=x == line.own)
        boxes = [QRectF(at.x() - NEAR, at.y() - NEAR, 2 * NEAR, 2 * NEAR) for at in places]
        return [(box, words) for box, (_, _, words) in zip(boxes, line.points, strict=True)]


def most_name(size: QSizeF) -> float:
    """Pixels of a line's name: the longest are cut so that the lines keep most of the chart."""
    return min(max(NAME, SHARE * size.width()), MOST * size.width() - SWATCH - 8)


def paint_band(painter: QPainter, plot: Plot, line: ChartLine) -> None:
    known = [(x, shown) for x, shown, _ in line.points if np.isfinite(shown.low) and np.isfinite(shown.high)]
    if len(known) > 1:
        upper = [plot.point(x, shown.high) for x, shown in known]
        fill_between(painter, upper, [plot.point(x, shown.low) for x, shown in known], line.pen.color(), BAND)


def paint_ends(painter: QPainter, plot: Plot, lines: Sequence[ChartLine], most: float) -> Marks:
    """Each name at the height where its line ends, never over another, with a stroke of its line before it. Returns
    where a name is cut, in the middle as names often differ at their end, and the whole of it."""
    painter.setFont(theme.font("small"))
    metrics, left = QFontMetricsF(painter.font()), plot.area.right() + 10
    rising = sorted(((plot.height(line.points[-1][1].value), line) for line in lines), key=lambda end: end[0])
    heights = spread([y for y, _ in rising], metrics.height(), plot.area.top(), plot.area.bottom())
    cut: Marks = []
    for y, (_, line) in zip(heights, rising, strict=True):
        painter.setPen(line.pen)
        painter.drawLine(QPointF(left, y), QPointF(left + SWATCH, y))
        painter.setPen(theme.colour("text"))
        if not draw_elided(painter, left + SWATCH + 4, y + metrics.capHeight() / 2, most, line.title, name=True):
            cut.append((QRectF(left, y - metrics.height() / 2, SWATCH + 4 + most, metrics.height()), line.title))
    return cut


def fill_between(
    painter: QPainter, upper: Sequence[QPointF], lower: Sequence[QPointF], colour: QColor, opacity: float
) -> None:
    """The band between two lines of points, both from left to right."""
    fill = QColor(colour)
    fill.setAlphaF(opacity)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))


def spread(heights: list[float], gap: float, top: float, bottom: float) -> list[float]:
    """`heights` (falling down the screen, sorted) moved as little as needed to lie `gap` apart in [top, bottom]."""
    if not heights:
        return []
    gap = min(gap, (bottom - top) / len(heights))
    placed = np.clip(np.asarray(heights, float), top + gap / 2, bottom - gap / 2)
    for index in range(1, len(placed)):
        placed[index] = max(placed[index], placed[index - 1] + gap)
    placed[-1] = min(placed[-1], bottom - gap / 2)
    for index in range(len(placed) - 2, -1, -1):
        placed[index] = min(placed[index], placed[index + 1] - gap)
    return list(placed)
