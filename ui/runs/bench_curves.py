"""Accuracy against labels per class, one line per head with the band of its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, isfinite

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from engine.bench.figures import BenchFigure
from ui import theme
from ui.figures import drawing
from ui.figures.drawing import FOOT, LEFT, Frame, LogPlace
from ui.figures.line_ends import fill_between, paint_ends, widest_name
from ui.figures.painted import PaintedFigure, line_height
from ui.runs.bench_words import by_head, short_count, tip

TITLE = "Accuracy against labels per class"
UNIT = "Test accuracy, mean and 95 % interval"
NUMBERS = ("head", "labels per class", "mean labels per class", "test accuracy", "low", "high", "cross-validation")
MOST_NAME = 170.0  # pixels of a head's name
SWATCH = 24.0
BAND = 0.13  # how much of a head's colour its band has


class BenchCurves(PaintedFigure):
    """`show_figures` draws what is known so far; a point says its numbers when pointed at."""

    usual, least = QSize(560, 300), QSize(300, 240)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self._figures: list[BenchFigure] = []
        self._empty = ""

    def show_figures(self, figures: Sequence[BenchFigure]) -> None:
        self._figures = list(figures)
        self.setAccessibleDescription("; ".join(tip(figure) for figure in figures) or self._empty)
        self.update()

    def say_empty(self, text: str) -> None:
        """What stands in the middle while nothing is measured."""
        self._empty = text
        self.update()

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        return NUMBERS, [
            [f.head, f.count or str(f.position), f.position, f.accuracy, f.low, f.high, f.folds] for f in self._figures
        ]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        lines = by_head(self._figures)
        self.marks = []
        if not lines:
            painter.setPen(theme.colour("faint"))
            painter.drawText(QRectF(0, 0, size.width(), size.height()), Qt.AlignmentFlag.AlignCenter, self._empty)
            return
        box = QRectF(
            LEFT, line_height("small") + 8, size.width() - LEFT - widest_name(lines, MOST_NAME) - SWATCH - 12, 0
        )
        box.setBottom(size.height() - FOOT)
        frame = Frame(box, *bounds(self._figures))
        positions = sorted({figure.position for figure in self._figures})
        across = LogPlace(positions[0], positions[-1], box.left() + 12, box.right() - 12)
        paint_axes(painter, frame, across, self._figures)
        for place, line in enumerate(lines.values()):
            paint_band(painter, frame, across, place, line)
        for place, line in enumerate(lines.values()):
            self.marks += paint_line(painter, frame, across, place, line)
        ends = [
            (frame.y(line[-1].accuracy), drawing.arm_pen(place, 2.5), head)
            for place, (head, line) in enumerate(lines.items())
        ]
        paint_ends(painter, ends, frame.box.adjusted(0, 0, 4, 0), MOST_NAME, SWATCH)


def bounds(figures: Sequence[BenchFigure]) -> tuple[float, float]:
    """The lowest and highest of all points and intervals with some room, inside 0 and 1."""
    known = [value for f in figures for value in (f.accuracy, f.low, f.high) if isfinite(value)]
    low, high = min(known), max(known)
    room = max(0.06 * (high - low), 0.01)
    return max(0.0, low - room), min(1.0, high + room)


def paint_axes(painter: QPainter, frame: Frame, across: LogPlace, figures: Sequence[BenchFigure]) -> None:
    """Percentages at the left, label counts below, and what both are."""
    painter.setFont(theme.font("small"))
    painter.setPen(theme.colour("muted"))
    painter.drawText(QPointF(0, QFontMetricsF(painter.font()).ascent()), UNIT)
    drawing.paint_levels(painter, frame)
    painter.setFont(theme.font("small", tabular=True))
    metrics = QFontMetricsF(painter.font())
    painter.setPen(theme.colour("muted"))
    counts, free = {figure.position: short_count(figure) for figure in figures}, inf
    for position, words in sorted(counts.items(), reverse=True):  # from "all, 90"; one that has no room is left out
        half = metrics.horizontalAdvance(words) / 2
        if across.x(position) + half + 4 > free:
            continue
        free = across.x(position) - half
        drawing.paint_centred(painter, across.x(position), frame.box.bottom() + 4, 60, words, most=1)
    words = "Labels per class (logarithmic)"
    left = frame.box.center().x() - metrics.horizontalAdvance(words) / 2
    painter.drawText(QPointF(left, frame.box.bottom() + 8 + metrics.lineSpacing() + metrics.ascent()), words)


def paint_band(painter: QPainter, frame: Frame, across: LogPlace, place: int, line: Sequence[BenchFigure]) -> None:
    known = [figure for figure in line if isfinite(figure.low) and isfinite(figure.high)]
    if len(known) < 2:
        return
    upper = [QPointF(across.x(f.position), frame.y(f.high)) for f in known]
    lower = [QPointF(across.x(f.position), frame.y(f.low)) for f in known]
    fill_between(painter, upper, lower, drawing.arm_colour(place), BAND)


def paint_line(
    painter: QPainter, frame: Frame, across: LogPlace, place: int, line: Sequence[BenchFigure]
) -> list[tuple[QRectF, str]]:
    """The line with its marks; returns where each mark is and what it says."""
    points = [QPointF(across.x(figure.position), frame.y(figure.accuracy)) for figure in line]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(drawing.arm_pen(place))
    painter.drawPolyline(points)
    for at in points:
        drawing.paint_mark(painter, at, place, 3.5)
    return [(QRectF(at.x() - 7, at.y() - 7, 14, 14), tip(f)) for at, f in zip(points, line, strict=True)]
