"""What painted line charts share: each line's name at its end, and the band of its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from ui import theme
from ui.figures.plot_labels import spread

End = tuple[float, QPen, str]  # height where the line ends, the pen of its swatch, its name


def widest_name(titles: Iterable[str], most: float) -> float:
    """Pixels of the widest name, at the most `most`; 0 without one."""
    metrics = QFontMetricsF(theme.font("small"))
    return min(most, max((metrics.horizontalAdvance(title) for title in titles), default=0.0))


def paint_ends(
    painter: QPainter, ends: Iterable[End], beside: QRectF, most: float, swatch: float, gap: float = 5.0
) -> None:
    """Each name at the height where its line ends, never over another, from the right edge of `beside` on.

    most: pixels of a name; swatch: of the stroke before it; gap: between the two.
    """
    painter.setFont(theme.font("small"))
    metrics = QFontMetricsF(painter.font())
    rising = sorted(ends, key=lambda end: end[0])
    heights = spread([y for y, *_ in rising], metrics.height(), beside.top(), beside.bottom())
    for y, (_, pen, title) in zip(heights, rising, strict=True):
        painter.setPen(pen)
        painter.drawLine(QPointF(beside.right(), y), QPointF(beside.right() + swatch, y))
        painter.setPen(theme.colour("text"))
        said = metrics.elidedText(title, Qt.TextElideMode.ElideRight, most)
        painter.drawText(QPointF(beside.right() + swatch + gap, y + metrics.capHeight() / 2), said)


def fill_between(
    painter: QPainter, upper: Sequence[QPointF], lower: Sequence[QPointF], colour: QColor, opacity: float
) -> None:
    """The band between two lines of points, both from left to right."""
    fill = QColor(colour)
    fill.setAlphaF(opacity)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
