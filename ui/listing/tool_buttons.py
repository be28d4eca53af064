"""Buttons above a list: an icon with a word, whose size does not follow what the deed says of its runs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QToolButton

from ui import icons


class DeedButton(QToolButton):
    """A deed with a word that stays the same; the tooltip and a screen reader tell how many runs it is about."""

    def __init__(self, action: QAction, words: str) -> None:
        super().__init__()
        action.setIconText(words)
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setDefaultAction(action)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(16, 16))
        self._tell()
        action.changed.connect(self._tell)

    def _tell(self) -> None:
        action = self.defaultAction()
        self.setAccessibleName(action.text())
        key = action.shortcut().toString()
        self.setToolTip(f"{action.text()}{f' ({key})' if key else ''}\n{action.toolTip()}")

    def show_words(self, on: bool) -> None:
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if on else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(style)

    def room_with_words(self) -> int:
        return self.fontMetrics().horizontalAdvance(self.defaultAction().iconText()) + 16 + 20


def deed_button(action: QAction, words: str) -> DeedButton:
    return DeedButton(action, words)


def text_button(icon: str, words: str, tip: str, clicked: Callable[[], object] | None = None) -> QToolButton:
    """An icon and a word."""
    result = QToolButton(autoRaise=True)
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    result.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    result.setText(words)
    result.setToolTip(tip)
    result.setAccessibleName(words)
    result.setAccessibleDescription(tip)
    icons.dress(result, icon)
    if clicked:
        result.clicked.connect(lambda: clicked())
    return result
