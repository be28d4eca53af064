"""Reads which runs can be tried, exported folders, and what is ticked; what another page asks for is ticked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from ui.parts import Parts
from ui.trying.run_choice import RunChoice, key_of
from ui.trying.triable import Key, Triable, TriableRuns, read_one, read_triable
from ui.trying.triable_folder import TriableFolder, read_folder, read_folders
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from storage.store import RunStore

WHY_NOT = "it keeps no weights any more, or has no classes of its own. Choose one from the list."


class RunReading(QObject):
    """listed(whether there is anything to try). chosen(tuple of Triable). refused(sentence)."""

    listed, chosen, refused = Signal(bool), Signal(object), Signal(str)

    def __init__(self, runs: RunChoice, parts: Parts, pane: QWidget) -> None:
        super().__init__(pane)
        self._runs, self._parts, self._pane = runs, parts, pane
        self._asked = self._answered = 0
        self._wanted: tuple[int, ...] = ()  # to be ticked once they are listed
        self._memory, self._is_reminded = WindowMemory(parts.settings), False
        parts.library.changed.connect(lambda _: self.refresh())
        runs.chosen.connect(self._read_chosen)

    def is_settled(self) -> bool:
        return self._asked == self._answered

    def choose(self, run_ids: tuple[int, ...]) -> None:
        """Try these runs, or say why they cannot be tried."""
        self._wanted = run_ids
        self._ask()

    def refresh(self) -> None:
        """The list as it is now, while somebody looks."""
        if self._pane.isVisible():
            self._ask()
            self._remind()

    def _remind(self) -> None:
        """Folders that were opened before are listed again, but those that are gone or were edited since."""
        paths = self._memory.exported_folders()
        if paths and not self._is_reminded:
            self._asked += 1
            self._parts.background.run(lambda cancelled: read_folders(paths), self._take_folders, long=True)
        self._is_reminded = True

    def _take_folders(self, found: tuple[TriableFolder, ...]) -> None:
        self._answered += 1
        self._runs.add_remembered(found)
        self.listed.emit(bool(self._runs.model.keys))

    def _ask(self) -> None:
        self._asked += 1
        self._parts.library.read(read_triable, self._take_runs, self._not_read)

    def _not_read(self, error: Exception) -> None:
        self._refuse(str(error))

    def _take_runs(self, found: TriableRuns) -> None:
        self._answered += 1
        self._runs.show_runs(found)
        self.listed.emit(bool(self._runs.model.keys))
        wanted, self._wanted = self._wanted, ()
        there = {number_of(key): key for one in reversed(found.runs) for key in (key_of(one),)}
        if good := tuple(there[run_id] for run_id in wanted if run_id in there):
            self._runs.tick(good)
        for run_id in wanted:
            if run_id not in there:
                words = f"Run {run_id} cannot be tried: {WHY_NOT}"
                self._parts.toasts.show(words, level="warning", seconds=12)

    def open_folder(self, path: str) -> None:
        """A folder that was exported is listed and ticked, or it is said what is wrong with it."""
        self._asked += 1
        said = self._parts.background.saying(self._refuse, "The folder could not be opened.")
        self._parts.background.run(lambda cancelled: read_folder(Path(path)), self._take_folder, said)

    def _take_folder(self, folder: TriableFolder) -> None:
        self._answered += 1
        self._memory.remember_exported(str(folder.folder))
        self._runs.add_folder(folder)
        self.listed.emit(True)

    def _refuse(self, words: str) -> None:
        self._answered += 1
        self.refused.emit(words)

    def _read_chosen(self, keys: tuple[Key, ...]) -> None:
        self._asked += 1
        self.refused.emit("")
        folders = {one.key: one for one in self._runs.model.folders}

        def read(store: RunStore) -> tuple[Triable, ...]:
            return tuple(folders[key] if isinstance(key, Path) else read_one(store, key) for key in keys)

        self._parts.library.read(read, self._take_chosen, self._not_read)

    def _take_chosen(self, chosen: tuple[Triable, ...]) -> None:
        self._answered += 1
        if tuple(one.key for one in chosen) == self._runs.model.ticked:
            self.chosen.emit(chosen)


def number_of(key: Key) -> Key:
    """The run's, also of one of its tasks: the first of them is tried where its run is asked for."""
    return key[0] if isinstance(key, tuple) else key
