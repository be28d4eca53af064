"""Pictures of one look of a run without labels: each image beside what was made of it, or beside its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.pretraining.album import NEITHER, RIGHT, LookPicture
from ui import theme
from ui.figures.painted import PaintedFigure, line_height
from ui.widgets.images import draw_tile, to_image

TITLE = "What it makes of these images"
GAP, BETWEEN, CHIP = 6, 20, 14  # pixels between two images, between two groups; of the mark
LEAST, MOST = 28, 64  # pixels of an image
FEW = 3  # columns up to which what belongs together stands in a column, else in a row


class LookFigure(PaintedFigure):
    """`show_look` draws a look. Its height follows from its shape, so that nothing moves from look to look."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.heads: tuple[str, ...] = ()
        self.look: LookPicture | None = None
        self._images: list[list[QImage]] = []
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_look(self, heads: tuple[str, ...], look: LookPicture) -> None:
        changed = self.look is None or (heads, look.marks.shape) != (self.heads, self.look.marks.shape)
        self.heads, self.look = heads, look
        self._images = [[to_image(image) for image in row] for row in look.images]
        self.setAccessibleDescription(" ".join([f"{len(look.images)} images: {', '.join(heads)}.", look.said]))
        if changed:
            self.updateGeometry()
        self.update()

    @property
    def _upright(self) -> bool:
        return len(self.heads) <= FEW

    def _left(self) -> float:
        """Pixels for the rows' names, where they are in rows."""
        metrics = QFontMetricsF(theme.font("small"))
        return max((metrics.horizontalAdvance(head) for head in self.heads), default=0) + 12 if self._upright else 0

    def _shape(self, width: float) -> tuple[float, int]:
        """(pixels of an image, groups beside each other)."""
        count = max(1, len(self._images))
        if self._upright:
            fits = int((width - self._left() + GAP) // (LEAST + GAP))
            across = max(1, min(count, fits))
            return max(LEAST, min(MOST, (width - self._left()) / across - GAP)), across
        wide = len(self.heads) * (44 + GAP) + BETWEEN
        across = max(1, min(2, int((width + BETWEEN) // wide)))
        room = (width - (across - 1) * BETWEEN) / across
        return max(LEAST, min(MOST, room / len(self.heads) - GAP)), across

    def _group_size(self, width: float) -> tuple[float, float]:
        """Pixels of a group with what keeps it from the next."""
        tile, _ = self._shape(width)
        step, heads = tile + GAP, len(self.heads)
        if self._upright:
            return step, heads * step + BETWEEN - GAP
        return heads * step - GAP + BETWEEN, line_height("small") + 4 + step

    def heightForWidth(self, width: int) -> int:
        if not self._images:
            return 0
        _, across = self._shape(width)
        rows = -(-len(self._images) // across)
        return round(rows * self._group_size(width)[1] - (BETWEEN - GAP if self._upright else 0)) + 2

    def sizeHint(self) -> QSize:
        return QSize(480, self.heightForWidth(max(240, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(240, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        self.marks = []
        if self.look is None:
            return
        width = size.width()
        tile, across = self._shape(width)
        wide, high = self._group_size(width)
        for place, images in enumerate(self._images):
            left, top = self._left() + place % across * wide, place // across * high
            if self._upright and place % across == 0:
                self._name_rows(painter, top, tile)
            if not self._upright:
                self._name_columns(painter, left, top, tile)
                top += line_height("small") + 4
            for column, image in enumerate(images):
                along = column * (tile + GAP)
                corner = (left, top + along) if self._upright else (left + along, top)
                box = QRect(round(corner[0]) + 1, round(corner[1]) + 1, round(tile), round(tile))
                self._paint_image(painter, box, image, place, column)

    def _name_rows(self, painter: QPainter, top: float, tile: float) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        middle = QFontMetricsF(painter.font()).capHeight() / 2
        for column, head in enumerate(self.heads):
            painter.drawText(QPointF(0, top + column * (tile + GAP) + tile / 2 + middle), head)

    def _name_columns(self, painter: QPainter, left: float, top: float, tile: float) -> None:
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        for column, head in enumerate(self.heads):
            box = QRectF(left + column * (tile + GAP), top, tile + GAP, line_height("small"))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, head)

    def _paint_image(self, painter: QPainter, box: QRect, image: QImage, place: int, column: int) -> None:
        assert self.look is not None
        mark = int(self.look.marks[place, column])
        draw_tile(painter, image, box)
        if mark != NEITHER:
            paint_mark(painter, box, mark == RIGHT)
        self.marks.append((QRectF(box), self._words(column, mark)))

    def _words(self, column: int, mark: int) -> str:
        head = self.heads[column]
        if mark == NEITHER:
            return head.capitalize()
        if self._upright:
            return f"{head.capitalize()}: {'right' if mark == RIGHT else 'wrong'}"
        return f"{head.capitalize()}: of {'the same' if mark == RIGHT else 'another'} class"

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        marks = self.look.marks if self.look is not None else np.empty((0, 0), np.int8)
        said = {NEITHER: "", RIGHT: "right"}
        rows = [[place + 1, *(said.get(int(mark), "wrong") for mark in row)] for place, row in enumerate(marks)]
        return ("image number", *self.heads), rows


def paint_mark(painter: QPainter, box: QRect, right: bool) -> None:
    """A whole frame and a tick around what is right, a dashed one and a cross around what is wrong."""
    colour = theme.colour("good" if right else "bad")
    pen = QPen(colour, 2, Qt.PenStyle.SolidLine if right else Qt.PenStyle.CustomDashLine)
    if not right:
        pen.setDashPattern([2.5, 1.8])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawRect(QRectF(box).adjusted(0, 0, 0, 0))
    paint_chip(painter, QRectF(box.right() - CHIP + 3, box.bottom() - CHIP + 3, CHIP, CHIP), right)


def paint_chip(painter: QPainter, chip: QRectF, right: bool) -> None:
    """A tick or a cross on a disc."""
    colour = theme.colour("good" if right else "bad")
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(chip)
    painter.setPen(QPen(_on(colour), 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    at = [QPointF(chip.left() + CHIP * x, chip.top() + CHIP * y) for x, y in (TICK if right else CROSS)]
    for start, end in zip(at[::2], at[1::2], strict=True):
        painter.drawLine(start, end)


TICK = ((0.27, 0.52), (0.44, 0.70), (0.44, 0.70), (0.74, 0.32))
CROSS = ((0.32, 0.32), (0.68, 0.68), (0.68, 0.32), (0.32, 0.68))


def _on(ground: QColor) -> QColor:
    dark = 0.299 * ground.redF() + 0.587 * ground.greenF() + 0.114 * ground.blueF() < 0.5
    return QColor("#FFFFFF" if dark else "#101418")
