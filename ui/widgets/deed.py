"""A deed as an action: once for buttons, context menu, keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from ui import icons

Entry = tuple[str, str, str, str]  # text, shortcut, icon, tip


def deed_action(
    owner: QWidget,
    entry: Entry,
    deed: Callable[[], object],
    context: Qt.ShortcutContext = Qt.ShortcutContext.WidgetWithChildrenShortcut,
) -> QAction:
    """The action that does `deed` while `owner`, or by `context` one of its children, has the keyboard."""
    text, shortcut, icon, tip = entry
    action = QAction(icons.icon(icon), text, owner)
    action.setIconText(text)  # else a button loses its "…"
    action.setToolTip(tip)
    action.setShortcut(QKeySequence(shortcut))
    action.setShortcutContext(context)
    action.triggered.connect(lambda _=False: deed())
    return action
