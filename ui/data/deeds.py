"""What can be done with the chosen data set, each deed once: for buttons, context menu, keys and the page's menu."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget

from engine.comparison.wording import count
from ui.data.binning import put_back, to_bin
from ui.data.known_sets import KnownSet
from ui.downloads.downloads import OFFLINE_WORDS
from ui.parts import Parts
from ui.widgets.deed import Deeds
from ui.widgets.folders import show_folder
from ui.widgets.text import plain
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet

# key -> (text, shortcut, icon, tip)
DEEDS = {
    "fetch": ("Download", "", "download", "Bring it to this machine; what and from where is said before"),
    "use": ("Use in New experiment", "Ctrl+Return", "new", "Make it the data of the experiment that is set up"),
    "again": ("Read again", "F5", "reset", "Look again at what lies there now"),
    "folder": ("Show in folder", "", "folder", "In the system's file manager"),
    "rename": ("Rename…", "F2", "edit", "Call it otherwise here; its folder keeps its name"),
    "forget": ("Take off the list", "Del", "close", "Its files stay where they are"),
    "bin": ("Move to the bin…", "Shift+Del", "discard", "Move its files to the system's bin"),
}
OWN_ALONE, WITH_FILES = ("rename", "forget"), ("bin", "folder")


class SetDeeds(Deeds):
    """`actions` by key; `adjust` says which set they are about. read_again() is the page's."""

    def __init__(self, page: QWidget, parts: Parts) -> None:
        self._parts, self._page = parts, page
        self._memory = WindowMemory(parts.settings)
        self._chosen: KnownSet | None = None
        self.read_again: Callable[[], None] = lambda: None
        super().__init__(page, DEEDS, {
            "fetch": self.fetch, "use": self.use,
            "again": lambda: self.read_again(), "folder": self.show_folder, "rename": self.rename,
            "forget": self.forget, "bin": self.ask_bin,
        })  # fmt: skip
        self.adjust(None)

    def adjust(self, chosen: KnownSet | None) -> None:
        """chosen: None when none is."""
        self._chosen = chosen
        for key, action in self.actions.items():
            reason = self._why_not(key, chosen)
            action.setEnabled(not reason)
            action.setToolTip(plain(reason) or self.table[key][3])

    def _why_not(self, key: str, chosen: KnownSet | None) -> str:
        if chosen is None:
            return "Choose a data set first."
        if key in OWN_ALONE and not chosen.is_own:
            return "It is no folder of yours."
        if key in WITH_FILES and chosen.there and not chosen.place:
            return "It comes with the program."
        if not chosen.there and key in ("use", *WITH_FILES):
            return "It is not there (any more)." if chosen.is_own else "It was not downloaded yet."
        if key == "fetch" and (chosen.there or chosen.is_own):
            return "It is on this machine."
        return OFFLINE_WORDS if key == "fetch" and self._parts.downloads.offline else ""

    def fetch(self) -> None:
        from engine.data.sources import wanted

        if self._chosen is not None and (asked := wanted(self._chosen.key)) is not None:
            self._parts.downloads.ask(asked)

    def use(self) -> None:
        if self._chosen is not None:
            self._parts.navigator.open("new_experiment", self._chosen.choice)

    def use_without(self, what: str) -> None:
        """In New experiment, its test without "copies" or "look-alikes" of what is learnt from."""
        if self._chosen is not None:
            without = self._chosen.choice.model_copy(update={"leave_out": what})
            self._parts.navigator.open("new_experiment", without)

    def use_listed(self, fingerprint: str) -> None:
        """In New experiment, exactly the images of that list."""
        if self._chosen is not None:
            listed = self._chosen.choice.model_copy(update={"listed": fingerprint})
            self._parts.navigator.open("new_experiment", listed)

    def use_others(self, data: LabelledSet, images: np.ndarray) -> None:
        """In New experiment, all of the chosen set but these images, indices int64 [n]; also where another set is
        chosen before the list is written."""
        chosen = self._chosen
        if chosen is None:
            return

        def work(cancelled: Callable[[], bool]) -> str:
            from engine.data.lists import keep_others

            return keep_others(data, images)

        def use(fingerprint: str) -> None:
            self._parts.navigator.open("new_experiment", chosen.choice.model_copy(update={"listed": fingerprint}))
            left = count(len(data) - len(images), data.what)
            self._parts.toasts.show(f"New experiment is set to the other {left} of {data.title}.")

        failed = self._parts.background.saying(self._refuse, "The list could not be written.")
        self._parts.background.run(work, use, failed)

    def show_folder(self) -> None:
        path = self._path()
        show_folder(path if path.is_dir() else path.parent)

    def _path(self) -> Path:
        assert self._chosen is not None
        return Path(self._chosen.place).expanduser()

    def rename(self) -> None:
        chosen = self._chosen
        assert chosen is not None
        title, given = QInputDialog.getText(
            self._page, "Rename", "Title (empty for the folder's own name):", text=chosen.title
        )
        if given:
            self.call(chosen.key, title)

    def call(self, key: str, title: str) -> None:
        self._parts.library.write(lambda store: store.name_data_set(key, title))

    def forget(self) -> None:
        """Take it off the list until it is opened again."""
        chosen = self._chosen
        assert chosen is not None
        self._hide(chosen, f"{chosen.title} is not in the list any more. Its files stay where they are.",
                   lambda: self._unhide(chosen.key))  # fmt: skip

    def _hide(self, chosen: KnownSet, said: str, undo: Callable[[], None]) -> None:
        self._memory.forget_folder(chosen.key)

        def say(_: object) -> None:
            self._parts.toasts.show(said, "Undo", undo)

        self._parts.library.write(lambda store: store.hide_data_set(chosen.key, True), say)

    def _unhide(self, key: str) -> None:
        self._parts.library.write(lambda store: store.hide_data_set(key, False))

    # The bin

    def ask_bin(self) -> None:
        from engine.data.sources import made_of_the_same

        chosen = self._chosen
        assert chosen is not None
        box = QMessageBox(self._page, icon=QMessageBox.Icon.Question)
        box.setWindowTitle("Move to the bin?")
        box.setText(plain(f"Move “{chosen.title}” to the bin?"))
        others = "" if chosen.is_own else " and ".join(made_of_the_same(chosen.key))
        box.setInformativeText(plain(
            f"All files of {self._path()} go there{f', and with them {others}' if others else ''}. "
            "Runs that learnt from them keep their figures, but cannot be repeated."
        ))  # fmt: skip
        move = box.addButton("Move to the bin", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.buttonClicked.connect(lambda clicked: self.move_to_bin(chosen) if clicked is move else None)
        box.open()

    def move_to_bin(self, chosen: KnownSet) -> None:
        """In the background, as it may lie on a slow drive."""
        path = Path(chosen.place).expanduser()
        failed = self._parts.background.saying(self._refuse, "It could not be moved to the bin.")
        self._parts.background.run(
            lambda cancelled: to_bin(path), lambda lies: self._binned(chosen, path, lies), failed
        )

    def _binned(self, chosen: KnownSet, path: Path, lies: Path | None) -> None:
        def undo() -> None:
            if chosen.is_own:
                self._unhide(chosen.key)
            if lies is not None:
                failed = self._parts.background.saying(self._refuse, "It could not be put back.")
                self._parts.background.run(lambda cancelled: put_back(lies, path), lambda _: self.read_again(), failed)

        rest = "" if lies is not None else " Put it back from the bin if it is needed again."
        said = f"{chosen.title} is in the bin.{rest}"
        if chosen.is_own:
            self._hide(chosen, said, undo)
            return
        self.read_again()
        self._parts.toasts.show(said, *(("Undo", undo) if lies is not None else ()))

    def _refuse(self, words: str) -> None:
        self._parts.toasts.show(words, level="error", seconds=20)
