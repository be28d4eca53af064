"""The list at the left: every data set under its heading."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from ui import theme
from ui.data.known_sets import KnownSet
from ui.listing.card_list import OnCard, paint_ground
from ui.widgets.text import plain

SET = Qt.ItemDataRole.UserRole
PAD = 10
Index = QModelIndex | QPersistentModelIndex


class SetDelegate(QStyledItemDelegate):
    """A title over its facts, or a heading."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        bold, small = QFontMetrics(theme.font(bold=True)).height(), QFontMetrics(theme.font("small")).height()
        return QSize(0, bold + small + 2 * PAD if index.data(SET) else small + PAD)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found: KnownSet | None = index.data(SET)
        box: QRect = option.rect
        painter.save()
        if found is None:
            painter.fillRect(box, theme.colour("page"))
            self._line(painter, box.adjusted(PAD, 0, -PAD, 0), index.data(), "small", "muted", bold=True)
        else:
            paint_ground(painter, box, option.state)
            inner = box.adjusted(PAD, PAD - 2, -PAD, 0)
            below = self._line(painter, inner, found.title, "body", "text" if found.there else "faint", bold=True)
            role = "muted" if found.there or not found.is_own else "warning"
            self._line(painter, inner.adjusted(0, below, 0, 0), found.facts, "small", role)
        painter.restore()

    def _line(self, painter: QPainter, box: QRect, text: str, size: str, role: str, bold: bool = False) -> int:
        """Draw one line at the top of the box, cut in its middle; returns its height."""
        painter.setFont(theme.font(size, bold))
        painter.setPen(theme.colour(role))
        metrics = painter.fontMetrics()
        line = QRect(box.left(), box.top(), box.width(), max(metrics.height(), 0 if size == "body" else box.height()))
        where = Qt.AlignmentFlag.AlignTop if size == "body" or not bold else Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, int(where), metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, box.width()))
        return metrics.height()


class SetList(QListWidget):
    """chosen(KnownSet): a person or `choose` picked it."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(SetDelegate(self))
        OnCard(self, "Data sets")
        self.currentItemChanged.connect(lambda *_: self._tell())

    def show_sets(self, found: Sequence[KnownSet]) -> None:
        """What there is; the chosen one stays chosen, else the first is."""
        kept = self.current()
        with QSignalBlocker(self):
            self.clear()
            for group, inside in groupby(found, key=lambda one: one.group):
                self._add_heading(group)
                for one in inside:
                    self._add(one)
            if not (kept and self._select(kept.key)) and found:
                self._select(found[0].key)
        if self.current() != kept:
            self._tell()

    def _add_heading(self, words: str) -> None:
        item = QListWidgetItem(words)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.addItem(item)

    def _add(self, one: KnownSet) -> None:
        item = QListWidgetItem(one.title)
        item.setData(SET, one)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{one.title}, {one.facts}")
        item.setToolTip(plain(one.key.partition(":")[2] or one.title))
        self.addItem(item)

    def current(self) -> KnownSet | None:
        item = self.currentItem()
        return item.data(SET) if item is not None else None

    def keys(self) -> list[str]:
        return [found.key for place in range(self.count()) if (found := self.item(place).data(SET)) is not None]

    def choose(self, key: str) -> bool:
        """Whether there is one of this key."""
        before = self.current()
        with QSignalBlocker(self):
            there = self._select(key)
        if there and self.current() != before:
            self._tell()
        return there

    def _select(self, key: str) -> bool:
        for place in range(self.count()):
            found: KnownSet | None = self.item(place).data(SET)
            if found is not None and found.key == key:
                self.setCurrentRow(place)
                return True
        return False

    def _tell(self) -> None:
        if (found := self.current()) is not None:
            self.chosen.emit(found)
