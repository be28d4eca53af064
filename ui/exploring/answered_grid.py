"""Test images as a grid, each with the class that it was taken for, and how sure the network was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.background import Background
from ui.data.grid_rows import HEAD
from ui.data.sample_grid import SIDE, SampleGrid
from ui.exploring.reading import ShownSet

ROWS = 3  # of images that are in sight at once
EDGE = 4  # pixels of the colour that says whether it was right


@dataclass(frozen=True, slots=True)
class TileMark:
    """answer: the class it was taken for. figure: how sure, or in how many seeds wrong; may be empty."""

    answer: str
    figure: str
    right: bool


class AnsweredGrid(SampleGrid):
    """One section of images in the order they are given."""

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(background, parent)
        self.marks: Sequence[TileMark] = ()
        self.setFixedHeight(HEAD + ROWS * (SIDE + 8) + 8)
        self.setAccessibleName("Test examples")

    def show_answered(self, shown: ShownSet, ids: np.ndarray, marks: Sequence[TileMark], title: str) -> None:
        """ids: int64 [n], in the order in which they stand. marks: of each."""
        self.marks = marks
        self.show_set(shown.data, ids, (title,), np.zeros(len(ids), np.int64), shown.picture)

    def lay_none(self) -> None:
        self.marks = ()
        super().lay_none()

    def _paint_tiles(self, painter: QPainter, tiles: Mapping[int, QRect]) -> None:
        super()._paint_tiles(painter, tiles)
        for place, rect in tiles.items():
            if place < len(self.marks):
                paint_mark(painter, rect, self.marks[place])


def paint_mark(painter: QPainter, rect: QRect, mark: TileMark) -> None:
    """A strip at the image's foot: the answer and its figure; a wrong one has a bar at its left."""
    painter.setFont(theme.font("small", tabular=True))
    metrics = painter.fontMetrics()
    strip = QRect(rect.left(), rect.bottom() - metrics.height() - 1, rect.width(), metrics.height() + 2)
    ground = theme.colour("card")
    ground.setAlphaF(0.9)
    painter.fillRect(strip, ground)
    if not mark.right:
        painter.fillRect(QRect(strip.left(), strip.top(), EDGE, strip.height()), theme.colour("bad"))
    inside = strip.adjusted(EDGE + 3, 0, -3, 0)
    figure = metrics.horizontalAdvance(mark.figure)
    painter.setPen(theme.colour("text" if mark.right else "bad"))
    room = inside.width() - (figure + 4 if mark.figure else 0)
    short = metrics.elidedText(mark.answer, Qt.TextElideMode.ElideRight, room)
    painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), short)
    painter.setPen(theme.colour("text"))
    painter.drawText(inside, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), mark.figure)
