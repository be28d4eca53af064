"""How cells of the run table are drawn: room to breathe, tags as chips, whole texts as tooltips."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import theme
from ui.comparison.run_model import TAGS
from ui.listing import chips
from ui.widgets.text import show_tip

Index = QModelIndex | QPersistentModelIndex


class WholeText(QStyledItemDelegate):
    """Cells with room to breathe; one that is too narrow shows its whole text as tooltip, above what it says anyway."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return super().sizeHint(option, index) + QSize(8, 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tags = str(index.data() or "").split() if index.column() == TAGS else []
        if not tags or tags == ["…"]:
            super().paint(painter, option, index)
            return
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        shown.text = ""
        QApplication.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, shown, painter, shown.widget)
        high = QFontMetrics(theme.font("small")).height() + 2
        box = QRectF(option.rect.adjusted(4, (option.rect.height() - high) // 2, -4, 0))
        box.setHeight(high)
        chips.paint_tags(painter, box, tags)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        cut = self.sizeHint(option, index).width() > option.rect.width()
        parts = [index.data()] if cut else []
        tip = index.data(Qt.ItemDataRole.ToolTipRole)
        show_tip(event.globalPos(), "\n".join(part for part in [*parts, tip] if part), view)
        return True
