"""How cells of the run table are drawn: room to breathe, tags as chips, whole texts as tooltips."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHelpEvent, QPainter, QPolygon
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from ui import theme
from ui.comparison.run_model import NOTED, TAGS
from ui.listing import chips
from ui.widgets.text import show_tip

Index = QModelIndex | QPersistentModelIndex
MARK = 9  # pixels of the corner that marks a note


def row_height() -> int:
    """Pixels of a line with its box to tick, also while that is scrolled out of sight: Qt asks visible cells only."""
    style = QApplication.style()
    room = style.pixelMetric(QStyle.PixelMetric.PM_FocusFrameVMargin)
    return style.pixelMetric(QStyle.PixelMetric.PM_IndicatorHeight) + 2 * room + 8


class WholeText(QStyledItemDelegate):
    """Cells with room to breathe; one that is too narrow shows its whole text as tooltip, above what it says anyway."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        hint = super().sizeHint(option, index) + QSize(8, 8)
        return hint.expandedTo(QSize(0, row_height()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tags = str(index.data() or "").split() if index.column() == TAGS else []
        if not tags or tags == ["…"]:
            super().paint(painter, option, index)
        else:
            self._paint_tags(painter, option, index, tags)
        if index.data(NOTED):
            self._paint_mark(painter, option.rect)

    def _paint_mark(self, painter: QPainter, cell: QRect) -> None:
        """The corner of a cell that has a note."""
        corner = QPolygon([cell.topRight(), cell.topRight() - QPoint(MARK, 0), cell.topRight() + QPoint(0, MARK)])
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("warning"))
        painter.drawPolygon(corner)
        painter.restore()

    def _paint_tags(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, tags: list[str]) -> None:
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
