"""Counts as bars, one line each, as many as there may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.comparison.wording import thousands
from ui import theme
from ui.listing.card_list import OnCard
from ui.widgets.table_text import copy_table

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
ROW, FIGURE = 26, 72  # pixels
NAME_SHARE, LOOKED_AT = 0.4, 2000  # of the width at most; names from which their width is taken


class CountModel(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[tuple[str, int]] = ()
        self.most = 1
        self.longest = ""

    def show(self, lines: Sequence[tuple[str, int]]) -> None:
        self.beginResetModel()
        self.lines = lines
        self.most = max((number for _, number in lines), default=1) or 1
        self.longest = max((name for name, _ in lines[:LOOKED_AT]), key=len, default="")
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        name, number = self.lines[index.row()]
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"{name}: {thousands(number)}"
        return name if role == Qt.ItemDataRole.DisplayRole else None


class BarDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model, box = index.model(), QRect(option.rect)
        assert isinstance(model, CountModel)
        name, number = model.lines[index.row()]
        painter.save()
        painter.fillRect(box, theme.colour("hover" if option.state & option.state.State_MouseOver else "card"))
        box.adjust(8, 0, -8, 0)
        painter.setFont(theme.font("small", tabular=True))
        needed = painter.fontMetrics().horizontalAdvance(model.longest) + 24
        middle, names = int(Qt.AlignmentFlag.AlignVCenter), min(needed, round(box.width() * NAME_SHARE))
        painter.setPen(theme.colour("text"))
        short = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, names - 8)
        painter.drawText(QRect(box.left(), box.top(), names, ROW), middle, short)
        room = max(8, box.width() - names - FIGURE)
        bar = QRect(box.left() + names, box.top() + 7, max(2, round(room * number / model.most)), ROW - 14)
        painter.fillRect(bar, theme.curve_colour(5))
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRect(bar.right() + 8, box.top(), FIGURE, ROW), middle, thousands(number))
        painter.restore()


class BarList(QListView):
    """chosen(row): a line was clicked or entered. Ctrl+C copies all."""

    chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.counts = CountModel()
        self.setModel(self.counts)
        self.setItemDelegate(BarDelegate(self))
        self.setUniformItemSizes(True)
        OnCard(self, name)
        self.activated.connect(lambda index: self.chosen.emit(index.row()))
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))

    def show_counts(self, lines: Sequence[tuple[str, int]]) -> None:
        self.counts.show(lines)

    def copy(self) -> None:
        copy_table(self.counts.lines)
