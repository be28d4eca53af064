"""How parallel coordinates are painted: axes with their ticks and ranges, and a line for each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen, QPolygonF

from ui import theme
from ui.comparison.parallel_lines import NONE_BELOW, Ends, Frame, RunLines
from ui.figures.drawing import blend

# From low to high; both ends and the middle differ in lightness from each other and from the ground.
LIGHT_RAMP = ("#5B2A86", "#2A7E9E", "#7FA51E")
DARK_RAMP = ("#8E6BC9", "#3FA7C4", "#E3E36A")
MANY = 100
COLOURS = 32  # steps of the ramp, so that as many pens are made as colours


@dataclass(frozen=True, eq=False)
class Highlight:
    """passes, ticked: bool [runs]. by: key of the dimension that colours. at: the line pointed at; axis: the one that
    the keyboard is on."""

    passes: np.ndarray
    ticked: np.ndarray
    ranges: Mapping[str, Ends]
    by: str
    at: int | None
    axis: int | None


def ramp(share: float) -> QColor:
    """The colour of a share 0..1 of the colouring axis."""
    colours = [QColor(name) for name in (DARK_RAMP if theme.is_dark() else LIGHT_RAMP)]
    half = min(int(share * 2), 1)
    return blend(colours[half], colours[half + 1], share * 2 - half)


def paint_lines(painter: QPainter, frame: Frame, lines: RunLines, look: Highlight) -> None:
    """Everything, from the painter's origin."""
    points = frame.points(lines.heights)
    for place in np.flatnonzero(~look.passes).tolist():
        _line(painter, points[place], _thin(theme.colour("grid"), len(points)))
    pens = _pens(lines, look)
    for place in np.flatnonzero(look.passes).tolist():
        _line(painter, points[place], pens[place])
    for place in np.flatnonzero(look.passes & look.ticked).tolist():
        _line(painter, points[place], QPen(pens[place].color(), 3))
    if look.at is not None:
        _line(painter, points[look.at], QPen(theme.colour("text"), 3))
    for place in range(len(lines.dimensions)):
        paint_axis(painter, frame, lines, place, look)


def _pens(lines: RunLines, look: Highlight) -> list[QPen]:
    """One per run; faint where the run has no value to be coloured by."""
    keys = [one.key for one in lines.dimensions]
    if look.by not in keys:
        return [_thin(theme.curve_colour(0), len(lines.heights))] * len(lines.heights)
    steps = [_thin(ramp(step / (COLOURS - 1)), len(lines.heights)) for step in range(COLOURS)]
    without = _thin(theme.colour("faint"), len(lines.heights))
    shares = lines.heights[:, keys.index(look.by)]
    return [without if np.isnan(share) else steps[round(share * (COLOURS - 1))] for share in shares]


def _thin(colour: QColor, runs: int) -> QPen:
    """Of many runs one pixel of the device: that is drawn ten times faster than a line that is widened and filled."""
    pen = QPen(colour, 1 if runs > MANY else 1.5)
    pen.setCosmetic(runs > MANY)
    return pen


def _line(painter: QPainter, points: np.ndarray, pen: QPen) -> None:
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))


def paint_axis(painter: QPainter, frame: Frame, lines: RunLines, place: int, look: Highlight) -> None:
    """The axis with its name above, ticks at its right, and its range."""
    one, x, area = lines.dimensions[place], frame.x(place), frame.area
    if one.key == look.by:
        _ramp_along(painter, frame, x)
    painter.setPen(QPen(theme.colour("accent" if place == look.axis else "faint"), 2 if place == look.axis else 1))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    if (ends := look.ranges.get(one.key)) is not None:
        _range(painter, frame, x, ends)
    _ticks(painter, frame, lines, place)
    if np.isnan(lines.heights[:, place]).any():
        _word(painter, QPointF(x, area.bottom() + NONE_BELOW), "none")
    _name(painter, frame, place, one.label, place == look.axis)


def _ramp_along(painter: QPainter, frame: Frame, x: float) -> None:
    along = QLinearGradient(QPointF(x, frame.area.bottom()), QPointF(x, frame.area.top()))
    for share in (0.0, 0.5, 1.0):
        along.setColorAt(share, ramp(share))
    painter.fillRect(QRectF(x - 3, frame.area.top(), 6, frame.area.height()), along)


def _range(painter: QPainter, frame: Frame, x: float, ends: Ends) -> None:
    top, bottom = frame.y(ends[1]), frame.y(ends[0])
    fill = QColor(theme.colour("accent"))
    fill.setAlphaF(0.25)
    painter.fillRect(QRectF(x - 7, top, 14, max(2.0, bottom - top)), fill)
    painter.setPen(QPen(theme.colour("accent"), 2))
    for y in (top, bottom):
        painter.drawLine(QPointF(x - 7, y), QPointF(x + 7, y))


def _ticks(painter: QPainter, frame: Frame, lines: RunLines, place: int) -> None:
    ticks = lines.ticks(place, frame.area.height())
    line = QFontMetricsF(theme.font("small")).height()
    every = max(1, -(-len(ticks) * round(line) // max(1, round(frame.area.height()))))
    for share, words in ticks[::every]:
        _word(painter, QPointF(frame.x(place), frame.y(share)), words, room(frame))


def room(frame: Frame) -> float:
    """Pixels between two axes for words."""
    return 64.0 if frame.axes < 2 else max(24.0, min(frame.area.width() / (frame.axes - 1) - 16, 160.0))


def _word(painter: QPainter, at: QPointF, words: str, wide: float = 64.0) -> None:
    """At the right of a place, on a ground that keeps it readable over lines."""
    painter.setFont(theme.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    said = metrics.elidedText(words, Qt.TextElideMode.ElideRight, wide)
    box = QRectF(at.x() + 6, at.y() - metrics.height() / 2, metrics.horizontalAdvance(said) + 4, metrics.height())
    ground = QColor(theme.colour("page"))
    ground.setAlphaF(0.75)
    painter.fillRect(box, ground)
    painter.setPen(theme.colour("muted"))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, said)


def _name(painter: QPainter, frame: Frame, place: int, label: str, chosen: bool) -> None:
    """Over the axis; every second one on a line of its own above, so that two neighbours have room."""
    painter.setFont(theme.font("small", bold=True))
    painter.setPen(theme.colour("accent" if chosen else "text"))
    metrics = QFontMetricsF(painter.font())
    gap = frame.area.width() / max(1, frame.axes - 1)
    said = metrics.elidedText(
        label, Qt.TextElideMode.ElideRight, 2 * gap - 12 if frame.axes > 2 else frame.area.width()
    )
    wide = metrics.horizontalAdvance(said)
    right = frame.area.right() + 72
    left = min(max(0.0, frame.x(place) - wide / 2), right - wide)
    up = metrics.height() if place % 2 else 0.0
    painter.drawText(QPointF(left, frame.area.top() - 10 - up), said)
