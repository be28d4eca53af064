"""A long list as it is seen: one line is chosen, stars click, letters are handed to the field above it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QTableView,
    QWidget,
)

from ui import theme
from ui.shelf.list_line import ListColumn, ListLine
from ui.shelf.list_model import NAME, ListModel
from ui.shelf.list_order import STAR
from ui.shelf.list_painting import LinePainter
from ui.shelf.short_texts import ShortTexts
from ui.widgets.frame import SlimScrollBar

BACK = "\b"  # typed to take a letter back


class ListTable(QTableView):
    """chosen(ListLine or None): another line is the current one. used: Return, a double click. starred: F, or a click.
    typed(text): letters that belong into the field above.
    """

    chosen = Signal(object)
    used = Signal()
    starred = Signal()
    typed = Signal(str)

    def __init__(self, columns: Sequence[ListColumn], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = ListModel(columns, self)
        self.texts = ShortTexts()
        self._key = ""  # of the line that a person chose last; it comes back when a filter shows it again
        self.setModel(self.list)
        self.setAccessibleName(name)
        self._set_up()
        self._set_up_headers()
        self.list.modelReset.connect(self._choose_again)
        self.selectionModel().currentRowChanged.connect(lambda now, _: self._note(now))
        self.clicked.connect(lambda index: self.starred.emit() if index.column() == STAR else None)
        self.doubleClicked.connect(lambda index: self.used.emit() if index.column() != STAR else None)

    def _set_up(self) -> None:
        self.setFont(theme.font(tabular=True))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBar(SlimScrollBar(Qt.Orientation.Horizontal))

    def _set_up_headers(self) -> None:
        letter, high = self.fontMetrics().averageCharWidth(), self.fontMetrics().height()
        lines, header = self.verticalHeader(), self.horizontalHeader()
        lines.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)  # 2,000 lines are as quick as twenty
        lines.setDefaultSectionSize(high + 10)
        lines.hide()
        header.setFixedHeight(high + 12)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(28)
        for place, column in enumerate(self.list.columns):
            header.resizeSection(place, 28 if place == STAR else column.width * letter + 16)
        header.setSortIndicator(STAR, Qt.SortOrder.AscendingOrder)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.sortIndicatorChanged.connect(self.list.sort)

    def paintEvent(self, event: QPaintEvent) -> None:
        LinePainter(self, self.list, self.texts).draw(QPainter(self.viewport()), self, event.rect())

    # Which line is meant

    def current(self) -> ListLine | None:
        return self.list.entry(self.currentIndex().row())

    def choose(self, key: str) -> None:
        """Also of a list that is still to come."""
        self._key = key
        self._choose_again()

    def _choose_again(self) -> None:
        """While words are looked for the first line that has them, else the one that was chosen."""
        row = 0 if self.list.lines.words else max(0, self.list.row_of(self._key))
        index = self.list.index(row, NAME)
        self.setCurrentIndex(index)
        if index.isValid():
            self.scrollTo(index)
        else:
            self.chosen.emit(None)

    def _note(self, index: QModelIndex) -> None:
        entry = self.list.entry(index.row())
        if entry is not None and self.hasFocus():  # a person went there
            self._key = entry.key
        self.chosen.emit(entry)

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self.used.emit()
        elif event.key() == Qt.Key.Key_F and plain:
            self.starred.emit()
        elif plain and event.key() == Qt.Key.Key_Backspace:
            self.typed.emit(BACK)
        elif plain and event.text().isprintable() and event.text().strip():
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(640, 400)
