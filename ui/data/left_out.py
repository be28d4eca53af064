"""The files that were left out, by name and reason, as many as there may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, QStringListModel, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import theme
from ui.listing.card_list import OnCard

if TYPE_CHECKING:
    from engine.data.labelled_set import Skipped

Index = QModelIndex | QPersistentModelIndex
ROW, APART = 26, "\t"


class LineDelegate(QStyledItemDelegate):
    """A path, cut in its middle, and its reason at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        path, _, reason = str(index.data()).partition(APART)
        box = QRect(option.rect).adjusted(8, 0, -8, 0)
        painter.save()
        painter.setFont(theme.font("small"))
        metrics, middle = painter.fontMetrics(), int(Qt.AlignmentFlag.AlignVCenter)
        words = metrics.elidedText(reason, Qt.TextElideMode.ElideRight, box.width() // 2)
        painter.setPen(theme.colour("warning"))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignRight) | middle, words)
        room = box.width() - metrics.horizontalAdvance(words) - 16
        painter.setPen(theme.colour("text"))
        painter.drawText(box, middle, metrics.elidedText(path, Qt.TextElideMode.ElideMiddle, room))
        painter.restore()


class LeftOut(QListView):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = QStringListModel()
        self.setModel(self.lines)
        self.setItemDelegate(LineDelegate(self))
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        OnCard(self, "Files that were left out, and why")

    def show_files(self, skipped: Sequence[Skipped]) -> None:
        self.lines.setStringList([f"{one.path}{APART}{one.reason}" for one in skipped])
