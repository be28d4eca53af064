"""The list view and how it draws a run: state, name, best value, what it does, and a thin bar of its progress."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import icons, theme
from ui.listing import chips
from ui.listing.card_list import OnCard, paint_ground, paint_progress
from ui.runs.run_list import NOW
from ui.runs.run_now import LOOKS, RunNow

Index = QModelIndex | QPersistentModelIndex
PAD, ICON, BAR = 8, 16, 3
PARTED, FEWEST = " · ", 5  # letters of a part that are shown, with the sign that some are missing


class RunDelegate(QStyledItemDelegate):
    """Two lines of text; the height follows the font."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        lines = QFontMetrics(theme.font()).height() + QFontMetrics(theme.font("small")).height()
        return QSize(0, lines + 2 * PAD + 2 + BAR)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        now: RunNow = index.data(NOW)
        box: QRect = option.rect
        painter.save()
        paint_ground(painter, box, option.state)
        self._paint_words(painter, box.adjusted(PAD, PAD, -PAD, -PAD), now)
        if now.is_live and now.progress is not None:
            bar = QRectF(box.left() + PAD, box.bottom() - BAR - 2, box.width() - 2 * PAD, BAR)
            paint_progress(painter, bar, now.progress, LOOKS[now.state][2])
        painter.restore()

    def _paint_words(self, painter: QPainter, box: QRect, now: RunNow) -> None:
        word, (_, icon, role) = now.word, LOOKS[now.state]
        first, second = QFontMetrics(theme.font()), QFontMetrics(theme.font("small"))
        ratio = painter.device().devicePixelRatioF()
        mark = icons.pixmap(icon, ICON, role, max(1.0, ratio))
        painter.drawPixmap(box.left(), box.top() + (first.height() - ICON) // 2, mark)
        line = QRect(box.left() + ICON + PAD, box.top(), box.width() - ICON - PAD, first.height())
        line = self._paint_right(painter, line, now)
        self._write(painter, line, now.title, "text", theme.font(bold=now.is_live))
        line = QRect(box.left() + ICON + PAD, box.top() + first.height() + 2, box.width() - ICON - PAD, second.height())
        rest = now.sentence().removeprefix(word)
        used = self._write(painter, line, word, role, theme.font("small", bold=True))
        line = self._paint_tags(painter, line.adjusted(used, 0, 0, 0), now)
        self._write(painter, line, rest, "muted", theme.font("small", tabular=True))

    def _paint_tags(self, painter: QPainter, line: QRect, now: RunNow) -> QRect:
        """At the right end of the second line, in what the seed leaves; returns what is left."""
        tags = now.row.tags
        if not tags:
            return line
        seed = f" · seed {now.row.experiment.seed} · …"
        kept = QFontMetrics(theme.font("small", tabular=True)).horizontalAdvance(seed) + PAD
        width = max(0, min(chips.room(tags), line.width() - kept))
        chips.paint_tags(painter, QRectF(line.right() - width, line.top(), width, line.height()), tags)
        return line.adjusted(0, 0, -width - PAD, 0)

    def _paint_right(self, painter: QPainter, line: QRect, now: RunNow) -> QRect:
        """The value at the right end of the first line, a word on whose it is, and a star; returns what is left."""
        images, value = now.value()
        for text, role, font in ((value, "text", theme.font(tabular=True)), (images, "muted", theme.font("small"))):
            width = QFontMetrics(font).horizontalAdvance(text) + 2 if text else 0
            self._write(painter, QRect(line.right() - width, line.top(), width, line.height()), text, role, font)
            line = line.adjusted(0, 0, -width - (PAD // 2 if text else 0), 0)
        if now.row.starred:
            painter.drawPixmap(line.right() - 13, line.top() + 2, icons.pixmap("star-filled", 13, "warning"))
            line = line.adjusted(0, 0, -13 - PAD // 2, 0)
        return line

    def _write(self, painter: QPainter, box: QRect, text: str, role: str, font: QFont) -> int:
        """One elided line; returns the width it took."""
        painter.setFont(font)
        painter.setPen(theme.colour(role))
        metrics = painter.fontMetrics()
        said = fitting(text, metrics, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), said)
        return metrics.horizontalAdvance(said)


def fitting(text: str, metrics: QFontMetrics, width: int) -> str:
    """As much of "seed 2 · on rack · epoch 3" as there is room for; without the last part where a few of its letters
    would say nothing."""
    said = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    whole, _, last = said.rpartition(PARTED)
    return whole if said != text and whole.strip() and len(last) <= FEWEST else said


class RunListView(QListView):
    """The list itself."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(RunDelegate(self))
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        OnCard(self, "Runs")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # what does not fit is elided

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Draws these lines alone. A list lays out and draws every line again, several times a second beside a run;
        here they are all equally high."""
        QAbstractItemView.dataChanged(self, first, last, roles)
