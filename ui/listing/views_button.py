"""Saved views of a list: a menu that shows one, and saves, updates, renames and deletes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QWidget

from ui.parts import Parts
from ui.widgets.menu_button import MenuButton

if TYPE_CHECKING:
    from storage.store import RunStore, SavedView

Spec = dict[str, Any]
TIP = "Saved ways of looking at these runs: filter, columns, sorting and grouping under a name"


class Views(QObject):
    """`button` opens the menu. page: whose views they are. capture() says what is shown now; apply(spec) shows it, {}
    being how the list begins."""

    def __init__(
        self, owner: QWidget, parts: Parts, page: str, capture: Callable[[], Spec], apply: Callable[[Spec], object]
    ) -> None:
        super().__init__(owner)
        self._owner, self._parts, self._page, self._capture, self._apply = owner, parts, page, capture, apply
        self.views: list[SavedView] = []
        self.current = ""  # the view that was chosen last
        self._chosen = 0  # so often one was
        self.button = MenuButton("Views", TIP, "view")
        self.button.setAutoRaise(True)
        self.menu = self.button.menu()
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.fill)
        self._read()

    def _read(self) -> None:
        self._parts.library.read(lambda store: store.views(self._page), self._take)

    def _take(self, views: list[SavedView]) -> None:
        self.views = views
        if self.current not in {view.name for view in views}:
            self.current = ""
        self.button.setToolTip(f"View: {self.current}\n{TIP}" if self.current else TIP)
        self.button.setAccessibleDescription(f"Shown: {self.current}" if self.current else TIP)

    def fill(self) -> None:
        """The menu as it is now."""
        self.menu.clear()
        for view in self.views:
            line = self.menu.addAction(view.name.replace("&", "&&"))
            line.triggered.connect(partial(self.show, view.name, dict(view.spec)))
            line.setCheckable(True)
            line.setChecked(view.name == self.current)
        self.menu.addAction("As at first", lambda: self.show("", {}))
        self.menu.addSeparator()
        self.menu.addAction("Save as a new view…", self.save_as)
        if self.current:
            shown = self.current.replace("&", "&&")
            self.menu.addAction(f"Update “{shown}”", lambda: self.save(self.current))
            self.menu.addAction(f"Rename “{shown}”…", self.ask_name)
            self.menu.addAction(f"Delete “{shown}”", self.delete)

    def show(self, name: str, spec: Spec, *_: object) -> None:
        """Show this view, or with no name how the list begins."""
        self._apply(spec)
        self._chosen += 1
        self.current = name
        self._take(self.views)

    def save_as(self) -> None:
        """Ask for a name and keep what is shown under it."""
        name, agreed = QInputDialog.getText(self._owner, "Save the view", "What this view is called")
        if agreed:
            self.save(name)

    def save(self, name: str) -> None:
        """Keep what is shown under this name."""
        spec = self._capture()
        self._write(lambda store: store.save_view(self._page, name, spec), " ".join(name.split()))

    def ask_name(self) -> None:
        name, agreed = QInputDialog.getText(self._owner, "Rename the view", "What it is called", text=self.current)
        if agreed:
            self.rename(name)

    def rename(self, name: str) -> None:
        old = self.current
        self._write(lambda store: store.rename_view(self._page, old, name), " ".join(name.split()))

    def delete(self) -> None:
        """Forget the chosen view; the toast brings it back."""
        name = self.current
        spec = next(view.spec for view in self.views if view.name == name)

        def bring_back() -> None:
            self._write(lambda store: store.save_view(self._page, name, spec), name)

        self._write(lambda store: store.delete_view(self._page, name), "")
        self._parts.toasts.offer_undo(f"Deleted the view “{name}”.", bring_back)

    def _write(self, change: Callable[[RunStore], None], current: str) -> None:
        """Change the views; the one called `current` is the chosen one then, unless another is chosen meanwhile."""
        chosen = self._chosen

        def then(views: list[SavedView]) -> None:
            self.current = current if chosen == self._chosen else self.current
            self._take(views)

        def write(store: RunStore) -> list[SavedView]:
            change(store)
            return store.views(self._page)

        self._parts.library.read(write, then)  # no run is touched by it
