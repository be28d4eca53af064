"""The files that were left out, by name and reason, as many as there may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, QStringListModel, Qt
from PySide6.QtGui import QHelpEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import theme
from ui.listing.card_list import OnCard
from ui.widgets.text import show_tip

if TYPE_CHECKING:
    from engine.data.labelled_set import Skipped

Index = QModelIndex | QPersistentModelIndex
ROW, APART = 26, "\t"
NARROW = 420  # pixels of a list, below which a reason has a line of its own


class LineDelegate(QStyledItemDelegate):
    """A path, cut in its middle, and its reason at the right; below it in a narrow list. Both are whole where one
    points."""

    def __init__(self, of: QListView) -> None:
        super().__init__(of)
        self._list, self._is_narrow = of, False
        of.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Laid out again where the list becomes narrow or wide."""
        if event.type() == QEvent.Type.Resize and self._is_narrow != (self._list.viewport().width() < NARROW):
            self._is_narrow = not self._is_narrow
            self.sizeHintChanged.emit(QModelIndex())
        return False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, 2 * ROW if self._is_narrow else ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        path, _, reason = str(index.data()).partition(APART)
        box = QRect(option.rect).adjusted(8, 0, -8, 0)
        below = box.height() > ROW
        painter.save()
        painter.setFont(theme.font("small"))
        metrics = painter.fontMetrics()
        words = metrics.elidedText(reason, Qt.TextElideMode.ElideRight, box.width() // (1 if below else 2))
        painter.setPen(theme.colour("warning"))
        side = Qt.AlignmentFlag.AlignLeft if below else Qt.AlignmentFlag.AlignRight
        painter.drawText(box.adjusted(0, ROW if below else 0, 0, 0), int(side | Qt.AlignmentFlag.AlignVCenter), words)
        room = box.width() - (0 if below else metrics.horizontalAdvance(words) + 16)
        painter.setPen(theme.colour("text"))
        first = QRect(box.topLeft(), QSize(box.width(), ROW))
        said = metrics.elidedText(path, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(first, int(Qt.AlignmentFlag.AlignVCenter), said)
        painter.restore()

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:  # fmt: skip
        show_tip(event.globalPos(), str(index.data() or "").replace(APART, "\n"), view)
        return True


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
