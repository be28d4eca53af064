"""The answers as a table: a line for each image, in the order and of the kind that is asked for."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from engine.comparison.wording import percent
from ui import theme
from ui.trying.answer_book import AnswerBook
from ui.trying.answer_order import AnswerColumn, AnswerOrder, Places, Subject, arranged, columns_of
from ui.widgets.text import plain

Index = QModelIndex | QPersistentModelIndex
NOTHING = QModelIndex()
PICTURE = Qt.ItemDataRole.UserRole
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NUMBER = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
ROOM = "\N{EN SPACE}"  # between a number and the words of the next column
LONGEST_TIP = 1_000  # letters of a text
SORT_EVERY = 1.0  # seconds between two orders while answers arrive


class AnswerModel(QAbstractTableModel):
    """shown: the images in the order of the lines."""

    def __init__(self) -> None:
        super().__init__()
        self.book, self.wanted = AnswerBook(), AnswerOrder()
        self.columns: list[AnswerColumn] = []
        self.shown: Places = np.empty(0, np.int64)
        self._arranged_at = 0.0

    def show_book(self, book: AnswerBook) -> None:
        """Another book; disagreements come first where several runs answer."""
        self.beginResetModel()
        self.book, self.columns = book, columns_of(book) if book.runs else []
        by = AnswerColumn(Subject.AGREEMENT) if len(book.runs) > 1 else None
        self.wanted = AnswerOrder(by=by)
        self.shown = arranged(book, self.wanted) if book.runs else np.empty(0, np.int64)
        self.endResetModel()

    def arrange(self, wanted: AnswerOrder) -> None:
        """In another order, or others of them."""
        self.wanted = wanted
        if self.book.runs:
            self._replace(arranged(self.book, wanted))

    def refresh_columns(self) -> None:
        """There is a first label, or none any more."""
        if self.book.runs and columns_of(self.book) != self.columns:
            self.beginResetModel()
            self.columns = columns_of(self.book)
            self.endResetModel()

    def grow(self, at_once: bool = False) -> None:
        """More was answered: put at the end, or now and then where it belongs."""
        if self.wanted == AnswerOrder():
            first, last = len(self.shown), len(self.book)
            if last > first:
                self.beginInsertRows(NOTHING, first, last - 1)
                self.shown = np.arange(last)
                self.endInsertRows()
        elif at_once or time.monotonic() > self._arranged_at + SORT_EVERY:
            self.arrange(self.wanted)
            self._arranged_at = time.monotonic()

    def line_of(self, image: int) -> int:
        """Its line, -1 where it is not shown."""
        found = np.flatnonzero(self.shown == image)
        return int(found[0]) if len(found) else -1

    def touch(self, image: int) -> None:
        """What is known of it changed."""
        if (line := self.line_of(image)) >= 0:
            self.dataChanged.emit(self.index(line, 0), self.index(line, self.columnCount() - 1))

    def _replace(self, shown: Places) -> None:
        """Other lines; what is selected stays selected while it is shown."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        lines = np.full(len(self.book), -1)
        lines[shown] = np.arange(len(shown))
        after = [lines[self.shown[index.row()]] for index in before]
        self.shown = shown
        moved = [self.index(int(line), index.column()) if line >= 0 else QModelIndex()
                 for line, index in zip(after, before, strict=True)]  # fmt: skip
        self.changePersistentIndexList(before, moved)
        self.layoutChanged.emit()

    # What Qt asks

    def rowCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return NUMBER if self.columns[section].subject is Subject.CONFIDENCE else LEFT
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            words = self._heading(self.columns[section])
            return plain(words) if role == Qt.ItemDataRole.ToolTipRole else words
        return None

    def _heading(self, column: AnswerColumn) -> str:
        if column.subject is Subject.IMAGE and self.book.of_texts:
            return "Text"
        several = len(self.book.runs) > 1 and column.subject is Subject.ANSWER
        words = self.book.runs[column.run].title if several else column.subject.value
        return words + (ROOM if column.subject is Subject.CONFIDENCE else "")

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        image, column = int(self.shown[index.row()]), self.columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._words(image, column) + (ROOM if column.subject is Subject.CONFIDENCE else "")
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._words(image, column)
            case Qt.ItemDataRole.ToolTipRole:
                return plain(self._tip(image) if column.subject is Subject.IMAGE else self._words(image, column))
            case Qt.ItemDataRole.TextAlignmentRole:
                return NUMBER if column.subject is Subject.CONFIDENCE else LEFT
            case Qt.ItemDataRole.ForegroundRole:
                unread = column.subject is Subject.ANSWER and self.book.reasons[image]
                return theme.colour("warning") if unread else None
        return self.book.small[image] if role == PICTURE and not self.book.of_texts else None

    def _tip(self, image: int) -> str:
        name, text = self.book.names[image], self.book.text(image)
        return f"{text[:LONGEST_TIP]}{'…' * (len(text) > LONGEST_TIP)}\n{name}" if text else name

    def _words(self, image: int, column: AnswerColumn) -> str:
        subject, run = column.subject, self.book.runs[column.run]
        if subject is Subject.IMAGE:
            return self.book.called(image)
        if subject is Subject.LABEL:
            return self.book.labels.get(image, "")
        if reason := self.book.reasons[image]:
            return f"not read: {reason}" if subject is Subject.ANSWER else ""
        if subject is Subject.AGREEMENT:
            return "differ" if self.book.differ_on(image) else "the same"
        if subject is Subject.ANSWER:
            name, judged = run.classes[int(run.firsts[image])], run.judged(image)
            return f"none of these ({name})" if judged and judged[1] else name
        return percent(float(run.confidence[image]))
