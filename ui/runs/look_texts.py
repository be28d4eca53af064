"""One look of a run on texts without labels: each text with what was made of it, or with its neighbours, in lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.pretraining.album import NEITHER, RIGHT, LookPicture
from ui import theme
from ui.figures.painted import PaintedFigure, draw_elided, line_height
from ui.runs.look_figure import CHIP, paint_chip

TITLE = "What it makes of these texts"
BETWEEN, ASIDE = 12, 10  # pixels between two groups; beside a line's name


class LookTexts(PaintedFigure):
    """`show_look` draws a look. Its height follows from its shape, so that nothing moves from look to look."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.heads: tuple[str, ...] = ()
        self.look: LookPicture | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_look(self, heads: tuple[str, ...], look: LookPicture) -> None:
        changed = self.look is None or (heads, look.marks.shape) != (self.heads, self.look.marks.shape)
        self.heads, self.look = heads, look
        self.setAccessibleDescription(" ".join([f"{len(look.images)} texts: {', '.join(heads)}.", look.said]))
        if changed:
            self.updateGeometry()
        self.update()

    @property
    def _line(self) -> float:
        return max(line_height(), CHIP + 2) + 2

    @property
    def _high(self) -> int:
        groups = 0 if self.look is None else len(self.look.images)
        return round(groups * (len(self.heads) * self._line + BETWEEN) - BETWEEN) if groups else 0

    def sizeHint(self) -> QSize:
        return QSize(480, self._high)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self._high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.update()

    def paint(self, painter: QPainter, size: QSizeF) -> None:
        self.marks = []
        if self.look is None:
            return
        names = QFontMetricsF(theme.font("small"))
        left = max((names.horizontalAdvance(head) for head in self.heads), default=0.0) + ASIDE
        group = len(self.heads) * self._line + BETWEEN
        for row, texts in enumerate(self.look.images.tolist()):
            for column, text in enumerate(texts):
                box = QRectF(0, row * group + column * self._line, size.width(), self._line)
                self._paint_line(painter, box, left, text, (row, column))

    def _paint_line(self, painter: QPainter, box: QRectF, left: float, text: str, place: tuple[int, int]) -> None:
        assert self.look is not None
        head, mark = self.heads[place[1]], int(self.look.marks[place])
        baseline = box.center().y() + QFontMetricsF(theme.font()).capHeight() / 2
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("muted"))
        painter.drawText(QPointF(0, baseline), head)
        if mark != NEITHER:
            chip = QRectF(left, box.center().y() - CHIP / 2, CHIP, CHIP)
            paint_chip(painter, chip, mark == RIGHT)
        begin = left + CHIP + ASIDE / 2
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text"))
        said = text or "(nothing)"
        draw_elided(painter, begin, baseline, box.width() - begin, " ".join(said.split()))
        self.marks.append((box, said))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        if self.look is None:
            return self.heads, []
        said = {NEITHER: "", RIGHT: "right"}
        marks = [[said.get(int(mark), "wrong") for mark in row] for row in self.look.marks]
        texts = self.look.images.tolist()
        heads = [words for head in self.heads for words in (head, f"{head}, right or wrong")]
        rows = [[one for pair in zip(*both, strict=True) for one in pair] for both in zip(texts, marks, strict=True)]
        return heads, rows
