"""The filters that are on, each as a chip that removes it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from ui import icons
from ui.widgets.buttons import button

GAP = 6
LONGEST = 60  # letters of a chip


class FilterChips(QWidget):
    """removed(key): one was clicked; cleared: all shall go. Hidden while nothing is filtered."""

    removed = Signal(str)
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[str, QPushButton] = {}
        self.clear_all = button("Clear all", "", "Remove every filter, the words too", self.cleared.emit)
        self.clear_all.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName("Filters that are on")
        self.hide()

    def show_filters(self, filters: Mapping[str, str]) -> None:
        """key -> words of each filter."""
        for old in self.chips.values():
            old.deleteLater()
            old.hide()
        self.chips = {key: self._chip(key, said) for key, said in filters.items()}
        for one in self.chips.values():
            one.show()
        for before, after in pairwise([*self.chips.values(), self.clear_all]):
            QWidget.setTabOrder(before, after)
        self.setVisible(bool(filters))
        self._place(self.width(), move=True)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(width, move=False)

    def sizeHint(self) -> QSize:
        return QSize(200, self._place(max(200, self.width()), move=False))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.clear_all.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place(event.size().width(), move=True)

    def _place(self, width: int, move: bool) -> int:
        """One chip after the other in as many lines as they need; returns the height of all lines."""
        at, line = QPoint(0, 0), 0
        for one in (*self.chips.values(), self.clear_all):
            size = one.sizeHint()
            if at.x() > 0 and at.x() + size.width() > width:
                at, line = QPoint(0, at.y() + line + GAP), 0
            if move:
                one.setGeometry(QRect(at, size))
            at, line = at + QPoint(size.width() + GAP, 0), max(line, size.height())
        return at.y() + line

    def _chip(self, key: str, said: str) -> QPushButton:
        short = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
        chip = button(short.replace("&", "&&"), "close", f"{said}\nClick to remove this filter")
        chip.setParent(self)
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the cross behind the words
        chip.setAccessibleName(f"Remove the filter {said}")
        icons.dress(chip, "close", "muted", 12)
        chip.clicked.connect(lambda: self.removed.emit(key))
        return chip
