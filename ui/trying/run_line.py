"""One run in the list of those that can be tried: a box, its name, and what is known of it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionButton, QStyleOptionViewItem

from ui import theme
from ui.listing.card_list import paint_ground

PAD, CHECK_ROOM = 8, 34
FACTS = Qt.ItemDataRole.UserRole


class RunLine(QStyledItemDelegate):
    """Two lines of text; the height follows the font."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        lines = QFontMetrics(theme.font()).height() + QFontMetrics(theme.font("small")).height()
        return QSize(0, lines + 2 * PAD)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        box: QRect = option.rect
        checked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        painter.save()
        state = option.state & ~QStyle.StateFlag.State_Selected
        paint_ground(painter, box, state | QStyle.StateFlag.State_Selected if checked else state)
        self._paint_check(painter, QRect(box.left() + 10, box.center().y() - 8, 16, 16), checked)
        inner = box.adjusted(CHECK_ROOM, PAD - 1, -PAD, 0)
        height = self._write(painter, inner, index.data(), "text", "body", checked)
        self._write(painter, inner.adjusted(0, height, 0, 0), index.data(FACTS), "muted", "small", False)
        painter.restore()

    def _paint_check(self, painter: QPainter, box: QRect, checked: bool) -> None:
        option = QStyleOptionButton()
        option.rect = box
        option.palette = QApplication.palette()
        option.state = QStyle.StateFlag.State_Enabled | (
            QStyle.StateFlag.State_On if checked else QStyle.StateFlag.State_Off
        )
        QApplication.style().drawPrimitive(QStyle.PrimitiveElement.PE_IndicatorCheckBox, option, painter)

    def _write(self, painter: QPainter, box: QRect, text: str, role: str, size: str, bold: bool) -> int:
        """One line at the top of the box; returns its height."""
        painter.setFont(theme.font(size, bold))
        painter.setPen(theme.colour(role))
        metrics = painter.fontMetrics()
        short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft), short)
        return metrics.height()
