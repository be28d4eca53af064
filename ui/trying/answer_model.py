"""The answers as a table: a line for each image, in the order and of the kind that is asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from engine.comparison.wording import percent
from ui import theme
from ui.trying.answer_book import AnswerBook
from ui.widgets.text import plain

Index = QModelIndex | QPersistentModelIndex
NOTHING = QModelIndex()
PICTURE = Qt.ItemDataRole.UserRole
NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class AnswerModel(QAbstractTableModel):
    """shown: the images in the order of the lines. Columns: the image, then answer and confidence of each run."""

    def __init__(self) -> None:
        super().__init__()
        self.book = AnswerBook()
        self.shown: NDArray[np.int64] = np.empty(0, np.int64)

    def show_book(self, book: AnswerBook) -> None:
        self.beginResetModel()
        self.book, self.shown = book, np.arange(len(book))
        self.endResetModel()

    def grow(self) -> None:
        """More was answered."""
        first, last = len(self.shown), len(self.book)
        self.beginInsertRows(NOTHING, first, last - 1)
        self.shown = np.arange(last)
        self.endInsertRows()

    def rowCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else 1 + 2 * len(self.book.runs)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or section >= self.columnCount():
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section:
            return NUMBER if section % 2 == 0 else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            words = self._heading(section)
            return plain(words) if role == Qt.ItemDataRole.ToolTipRole else words
        return None

    def _heading(self, section: int) -> str:
        if not section:
            return "Image"
        run = self.book.runs[(section - 1) // 2]
        if section % 2 == 0:
            return "Confidence"
        return "Answer" if len(self.book.runs) == 1 else run.title

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        image, column = int(self.shown[index.row()]), index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._words(image, column)
            case Qt.ItemDataRole.ToolTipRole:
                return plain(self.book.names[image] if not column else self._words(image, column))
            case Qt.ItemDataRole.TextAlignmentRole:
                return NUMBER if column and column % 2 == 0 else None
            case Qt.ItemDataRole.ForegroundRole:
                return theme.colour("warning") if column and self.book.reasons[image] else None
        return self.book.small[image] if role == PICTURE else None

    def _words(self, image: int, column: int) -> str:
        if not column:
            return self.book.names[image].replace("\\", "/").rpartition("/")[2]
        if reason := self.book.reasons[image]:
            return f"not read: {reason}" if column == 1 else ""
        run = self.book.runs[(column - 1) // 2]
        if column % 2:
            return run.classes[int(run.firsts[image])]
        return percent(float(run.confidence[image]))
