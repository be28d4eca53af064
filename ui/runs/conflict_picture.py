"""Where the tasks of a run disagree: the cosine of their gradients, a row for each block, from its first step on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from engine.work.recorder import SavedCurve
from ui import theme
from ui.figures.drawing import blend
from ui.figures.painted import PaintedFigure, draw_elided, line_height

KIND = "conflict/"
TITLE = "Where the tasks disagree"
MOST = 48  # stretches of the training that are told apart
STRONG = 0.5  # a cosine that has the full colour
AT_RIGHT = "below 0"
FEW = 10  # measured steps, below which a share is told as a number


@dataclass(frozen=True, eq=False)
class ConflictRow:
    """One block, or a pair of tasks there. means: float64 [stretches], NaN where nothing was measured. below: share of
    all measured steps with a cosine below 0."""

    title: str
    means: NDArray[np.float64]
    below: float
    mean: float
    measured: int


def conflict_rows(curves: Mapping[str, SavedCurve], titles: Mapping[str, str]) -> list[ConflictRow]:
    """titles: block -> words, in the network's order; a cosine of three tasks says its pair besides."""
    found = {name.removeprefix(KIND): curve for name, curve in curves.items() if name.startswith(KIND) and len(curve)}
    last = max((int(curve.steps[-1]) for curve in found.values()), default=0)
    places = {block: place for place, block in enumerate(titles)}
    order = sorted(found, key=lambda name: (places.get(name.partition(": ")[0], len(places)), name))
    return [_row(words(name, titles), found[name], last) for name in order]


def words(name: str, titles: Mapping[str, str]) -> str:
    """ "Block 1", or "Block 1: Class, Alphabet"."""
    block, colon, pair = name.partition(": ")
    return f"{titles.get(block, block)}{colon}{pair}"


def _row(title: str, curve: SavedCurve, last: int) -> ConflictRow:
    values, count = np.asarray(curve.values, float), min(MOST, len(curve))
    place = np.minimum((np.asarray(curve.steps) - 1) * count // max(1, last), count - 1)
    sums = np.bincount(place, values, count)
    sizes = np.bincount(place, minlength=count)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
    return ConflictRow(title, means, float((values < 0).mean()), float(values.mean()), len(values))


def shade(value: float) -> QColor:
    """Blue where tasks agree, red where they oppose each other, the card's ground where they do neither."""
    hue = theme.colour("bad" if value < 0 else "accent")
    return blend(theme.colour("card"), hue, min(1.0, abs(value) / STRONG))


class ConflictPicture(PaintedFigure):
    """`show_curves` draws what is known; hidden while nothing was measured."""

    usual, least = QSize(420, 200), QSize(240, 120)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.rows: list[ConflictRow] = []
        self.last = 0

    def show_curves(self, curves: Mapping[str, SavedCurve], titles: Mapping[str, str]) -> None:
        self.rows = conflict_rows(curves, titles)
        self.last = max((int(one.steps[-1]) for name, one in curves.items() if name.startswith(KIND) and len(one)),
                        default=0)  # fmt: skip
        self.setMinimumHeight(round(line_height("small") * (len(self.rows) + 3)) + 16)
        told = (f"{row.title}: {100 * row.below:.0f} % of {row.measured:,} measured steps" for row in self.rows)
        self.setAccessibleDescription(f"{'; '.join(told)} below 0")
        self.update()

    @property
    def is_empty(self) -> bool:
        return not self.rows

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        heads = ["block", "mean cosine", "share of measured steps below 0", "measured steps"]
        return heads, [[row.title, row.mean, row.below, row.measured] for row in self.rows]

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        painter.setFont(theme.font("small"))
        metrics = QFontMetricsF(painter.font())
        names = max((metrics.horizontalAdvance(row.title) for row in self.rows), default=0.0)
        left = min(names + 10, size.width() * 0.4)
        right, line = metrics.horizontalAdvance("100 % ") + 8, metrics.lineSpacing()
        right = max(right, metrics.horizontalAdvance(AT_RIGHT) + 8)
        inner = QRectF(left, line + 4, size.width() - left - right, size.height() - 2 * line - 18)
        self.marks = []
        painter.setPen(theme.colour("muted"))
        painter.drawText(QPointF(inner.right() + 8, metrics.ascent()), AT_RIGHT)
        tall = inner.height() / max(1, len(self.rows))
        for number, row in enumerate(self.rows):
            self._paint_row(painter, row, QRectF(inner.left(), inner.top() + number * tall, inner.width(), tall))
        self._paint_foot(painter, inner, line)

    def _paint_row(self, painter: QPainter, row: ConflictRow, box: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        base = box.center().y() + metrics.ascent() / 2 - 1
        painter.setPen(theme.colour("text"))
        draw_elided(painter, 0, base, box.left() - 10, row.title, name=True)
        painter.drawText(QPointF(box.right() + 8, base), share(row))
        wide, count = box.width() / len(row.means), len(row.means)
        for place, value in enumerate(row.means):
            cell = QRectF(box.left() + place * wide, box.top() + 1, wide, box.height() - 2)
            if np.isfinite(value):
                painter.fillRect(cell.adjusted(0, 0, 0.5, 0), shade(float(value)))
                steps = f"steps {place * self.last // count + 1:,} to {(place + 1) * self.last // count:,}"
                self.marks.append((cell, f"{row.title}, {steps}: mean cosine {value:+.2f}"))
        painter.setPen(theme.colour("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(0, 1, 0, -1))

    def _paint_foot(self, painter: QPainter, inner: QRectF, line: float) -> None:
        """The steps, and what the colours mean."""
        metrics = QFontMetricsF(painter.font())
        base = inner.bottom() + 4 + metrics.ascent()
        painter.setPen(theme.colour("muted"))
        last = f"step {self.last:,}"
        painter.drawText(QPointF(inner.left(), base), "step 1")
        painter.drawText(QPointF(inner.right() - metrics.horizontalAdvance(last), base), last)
        texts = ("against", "for each other")
        needed = sum(metrics.horizontalAdvance(text) for text in texts) + 90
        x = inner.center().x() - needed / 2
        if x < inner.left() + metrics.horizontalAdvance("step 1") + 8:
            return
        painter.drawText(QPointF(x, base), texts[0])
        x += metrics.horizontalAdvance(texts[0]) + 6
        for place in range(13):
            box = QRectF(x + place * 6, base - metrics.ascent() + 3, 6.5, line - 6)
            painter.fillRect(box, shade(STRONG * (place - 6) / 6))
        painter.setPen(theme.colour("muted"))
        painter.drawText(QPointF(x + 84, base), texts[1])


def share(row: ConflictRow) -> str:
    """ "38 %", of few measured steps "3 of 8"."""
    few = row.measured < FEW
    return f"{round(row.below * row.measured)} of {row.measured}" if few else f"{100 * row.below:.0f} %"
