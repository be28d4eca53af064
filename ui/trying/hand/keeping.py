"""Classes are kept as a model in the workspace, and opened again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog

from ui.listing import handing_on
from ui.parts import Parts
from ui.trying.hand.work import HandWork
from ui.widgets.menu_button import MenuButton
from ui.widgets.saving import NOT_IN_NAMES

if TYPE_CHECKING:
    from engine.using.kept_classes import KeptClasses

FOLDER = "classes"  # of the workspace
TIP = "Keep these classes as a model, open some that were kept, or export them for other programs"
Say = Callable[[str], None]


class KeepingMenu(MenuButton):
    """say: where a kept folder is told. opened(kept): classes that are to be shown again."""

    def __init__(self, work: HandWork, parts: Parts, say: Say, opened: Callable[[KeptClasses], None]) -> None:
        super().__init__("Keep", TIP, name="Keep classes")
        self._work, self._parts, self._say, self._opened = work, parts, say, opened
        self._folder = parts.workspace.root / FOLDER
        self.menu().aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        menu, kept = self.menu(), kept_in(self._folder)
        menu.clear()
        keep = menu.addAction("Keep these classes…", self._ask)
        keep.setEnabled(self._work.by is not None and self._work.state.bins.count > 0)
        menu.addSection("Open")
        for folder in kept:
            menu.addAction(folder.name.replace("&", "&&"), partial(self.open, folder))
        if not kept:
            menu.addAction("None is kept yet").setEnabled(False)
            return
        exporting = menu.addMenu("Export")
        for folder in kept:
            exporting.addAction(f"{folder.name.replace('&', '&&')}…", partial(self._export, folder))

    def _export(self, folder: Path) -> None:
        handing_on.export_kept(self, self._parts, folder)

    def _ask(self) -> None:
        name, agreed = QInputDialog.getText(self, "Keep these classes", "What to call them:", text="My classes")
        if agreed and name.strip():
            self.keep(name)

    def keep(self, name: str) -> None:
        """In the background; an older one of that name is replaced."""
        folder = self._folder / (NOT_IN_NAMES.sub("-", name).strip(". ") or "Classes")
        self._work.keep(folder, lambda: self._say(f"Kept in {folder}."))

    def open(self, folder: Path) -> None:
        self._work.open_kept(folder, self._opened)


def kept_in(folder: Path) -> list[Path]:
    """By name; a few, as somebody kept each by hand."""
    return sorted(one.parent for one in folder.glob("*/classes.json"))
