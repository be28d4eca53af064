"""Deeds as actions: each once for buttons, context menu, keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

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


class Deeds(QObject):
    """`actions` by key: those of the table, each with what it does."""

    def __init__(
        self, owner: QWidget, table: Mapping[str, Entry], does: Mapping[str, Callable[[], object]],
        context: Qt.ShortcutContext = Qt.ShortcutContext.WidgetWithChildrenShortcut,
    ) -> None:  # fmt: skip
        super().__init__(owner)
        self._owner, self.table = owner, table
        self.actions = {key: deed_action(owner, entry, does[key], context) for key, entry in table.items()}
        owner.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Icons are drawn in the palette in use."""
        if event.type() == QEvent.Type.PaletteChange:
            for key, action in self.actions.items():
                action.setIcon(icons.icon(self.table[key][2]))
        return False

    def word(self, words: Mapping[str, str]) -> None:
        """Other words for these deeds, on their buttons too."""
        for key, text in words.items():
            self.actions[key].setText(text)
            self.actions[key].setIconText(text)

    def menu_of(self, groups: Iterable[Iterable[str]]) -> QMenu:
        """A context menu, gone once it is closed; a line between two groups of keys."""
        menu = QMenu(self._owner)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for keys in groups:
            menu.addSeparator()
            menu.addActions([self.actions[key] for key in keys])
        return menu
