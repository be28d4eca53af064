"""Data: every data set of this machine, what it holds, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from engine.data.sources import wanted
from engine.experiment import DatasetChoice
from ui.data.deeds import SetDeeds
from ui.data.detail import SetDetail
from ui.data.known_sets import KnownSet, known_sets
from ui.data.labels_view import LabelsView
from ui.data.large import show_large
from ui.data.map_view import MapView
from ui.data.reading import SetReading
from ui.data.sample_grid import SampleGrid
from ui.data.set_list import SetList
from ui.downloads.panel import DownloadsPanel
from ui.downloads.words import before, progress
from ui.parts import Page, Parts
from ui.widgets.buttons import button
from ui.widgets.frame import ThinSplitter
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.picking import DATA_FILE, DATA_FILES, pick_file, pick_folder
from ui.widgets.text import Text
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from engine.data.files.tree import Listing
    from engine.data.inventory import Inventory
    from engine.data.labelled_set import LabelledSet
    from storage.data_sets import DataSeen, UsedData
    from storage.rows import RunRow


class DataPage(Page):
    """Wiring: the list chooses, the set is read in the background, the detail shows it."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.reading = SetReading(parts.background, self)
        self.deeds = SetDeeds(self, parts)
        self.deeds.read_again = self.read_again
        self.list = SetList()
        self.detail = SetDetail(self.deeds.actions, parts.background)
        self.map = MapView(parts)
        self.labels = LabelsView(parts)
        self.detail.add_tab("Map", self.map)
        self.detail.add_tab("Labels", self.labels)
        self._shown: tuple[str, bool] | None = None
        self._wanted, self._asked, self._answered, self._stale = "", 0, 0, True
        self._recent: list[str] = []  # what the form remembered when the list was made
        self._build()
        self._connect()

    def _build(self) -> None:
        left = QWidget()
        self.open = button("Open folder…", "folder", "A folder with one folder per class", self.choose_folder)
        self.file = button("File…", "", DATA_FILE, self.choose_file)
        self.downloads = button(
            "Downloads", "download", "What is being fetched, waits or has come; it goes on after a restart",
            self._show_downloads,
        )  # fmt: skip
        self.downloads.setCheckable(True)
        opening = in_row((self.open, 1), self.file, gap=8)
        in_column(opening, (self.list, 1), self.downloads, owner=left, gap=8, edges=(16, 12, 8, 16))
        left.setMinimumWidth(180)
        self.detail.setMinimumWidth(340)
        fetched = QWidget()
        heading = Text("Downloads", "title", bold=True, wrap=False)
        in_column(heading, (DownloadsPanel(self.parts.downloads), 1), owner=fetched, gap=12, edges=(16, 12, 16, 16))
        self.shown = one_of(self.detail, fetched)
        self.splitter = ThinSplitter("data", left, self.shown)
        in_column(self.splitter, owner=self)
        self.addActions(list(self.deeds.actions.values()))
        self.reset_layout()

    def reset_layout(self) -> None:
        self.splitter.setSizes([260, 900])

    def _connect(self) -> None:
        self.parts.library.changed.connect(lambda _: self._note_change())
        self.parts.downloads.changed.connect(self._show_download)
        self.parts.downloads.changed.connect(self._count_downloads)
        self._count_downloads()
        self.list.clicked.connect(lambda _: self._leave_downloads())
        self.parts.downloads.arrived.connect(lambda _: self.read_again())
        self.list.chosen.connect(self._choose)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self.detail.opened.connect(self._show_large)
        self.detail.without.connect(self.deeds.use_without)
        self.map.leave_out.connect(self._leave_out)
        self.map.in_samples.connect(self._show_some)
        self.map.side.grid.thumbnails.failed.connect(self.detail.header.problem.say)
        for grid in (self.map.side.grid, self.labels.grid):
            grid.opened.connect(lambda _, grid=grid: self._show_large(grid))
        self.reading.listed.connect(self.detail.show_listed)
        self.reading.progressed.connect(self.detail.header.show_progress)
        self.reading.silent.connect(self.detail.header.show_silent)
        self.reading.done.connect(self._show_read)
        self.detail.history.wanted.connect(self.deeds.use_listed)
        self.reading.failed.connect(self.detail.header.show_problem)

    def receive(self, request: DatasetChoice | RunRow | Path) -> None:
        """Show this data set, or what lies at a path, and keep it in the list; of a run, what its network sees in its
        data."""
        if isinstance(request, Path):
            self.open_path(str(request))
            return
        run, request = (None, request) if isinstance(request, DatasetChoice) else (request, request.experiment.dataset)
        self._wanted = f"{request.name}:{request.path}" if request.path else request.name
        self._leave_downloads()
        if run is not None:
            self.detail.show_tab("Map")
            self.map.want_run(run.uid, self._wanted)
        if request.path:
            key = self._wanted
            self.parts.library.write(lambda store: store.open_data_set(key))
        else:
            self._note_change()

    def is_settled(self) -> bool:
        """Nothing is read any more, neither the list nor the chosen set nor what is looked at of it."""
        listed = not self._stale and self._asked == self._answered
        drawn = not self.map.drawing.is_at_work and self.map.side.grid.thumbnails.is_settled()
        judged = not self.labels.is_looking and self.labels.grid.thumbnails.is_settled()
        return listed and not self.reading.is_reading and self.detail.is_settled() and drawn and judged

    def focus_list(self) -> None:
        self.list.setFocus()

    # The list

    def _note_change(self) -> None:
        self._stale = True
        if self.isVisible():
            self._read()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale or self._recent != WindowMemory(self.parts.settings).recent_folders():
            self._read()

    def _read(self) -> None:
        """What runs learnt from and what was opened; then, in the background, whether it is still there."""
        self._stale = False
        self._asked += 1
        number, recent = self._asked, WindowMemory(self.parts.settings).recent_folders()
        self._recent = recent

        def look(used: list[UsedData]) -> None:
            work = self.parts.background
            work.run(lambda cancelled: known_sets(used, recent), lambda found: self._take(found, number), at_once=True)

        self.parts.library.read(lambda store: store.data_sets(), look)

    def _take(self, found: list[KnownSet], number: int) -> None:
        self._answered = max(self._answered, number)
        if number != self._asked:
            return
        self.list.show_sets(found)
        if self._wanted and self.list.choose(self._wanted):
            self._wanted = ""

    def _show_downloads(self) -> None:
        """Where the set is, and back."""
        self.shown.setCurrentIndex(int(self.downloads.isChecked()))

    def _leave_downloads(self) -> None:
        self.downloads.setChecked(False)
        self._show_downloads()

    def _count_downloads(self) -> None:
        waiting = sum(one.state in ("waiting", "at work") for one in self.parts.downloads.entries())
        self.downloads.setText(f"Downloads ({waiting:,})" if waiting else "Downloads")

    def _choose(self, chosen: KnownSet) -> None:
        if self._shown is not None and self._shown[0] != chosen.key:
            self._leave_downloads()
        self.deeds.adjust(chosen)
        if self._shown == (chosen.key, chosen.there):  # it is only called otherwise, or has more runs
            self.detail.header.title.setText(chosen.title)
            return
        self._shown = chosen.key, chosen.there
        self.detail.expect(chosen)
        self.map.expect(chosen.key)
        self.labels.expect()
        if chosen.there:
            self.reading.read(chosen)
            return
        self.reading.stop()
        self.detail.header.show_problem("There is nothing at its path any more." if chosen.is_own else "")
        self._show_download()

    def _show_download(self) -> None:
        """What would be fetched of the chosen set, or how far that is."""
        chosen = self.list.current()
        if chosen is None or chosen.there or chosen.is_own or (asked := wanted(chosen.key)) is None:
            return
        self.deeds.adjust(chosen)
        entry = self.parts.downloads.entry(asked.key)
        at_work = entry is not None and entry.state in ("waiting", "at work")
        share = (entry.fraction or 0.0) if entry is not None and at_work else None
        self.detail.header.show_fetching(before(asked) if entry is None else progress(entry), share)
        fetch, action = self.detail.header.fetch, self.deeds.actions["fetch"]
        fetch.setEnabled(action.isEnabled() and not at_work)
        fetch.setToolTip(action.toolTip())

    def _show_read(self, data: LabelledSet, found: Inventory) -> None:
        self.detail.show_read(data, found)
        if (chosen := self.list.current()) is not None:
            self.map.set_data(data)
            self.labels.set_data(data)
            key = chosen.key
            self.parts.library.read(lambda store: store.data_seen(key), lambda seen: self._look_back(data, seen))

    def _look_back(self, data: LabelledSet, seen: list[DataSeen]) -> None:
        if data is self.detail.data:
            self.detail.history.look(data, seen)

    def _leave_out(self, images: np.ndarray) -> None:
        if self.map.of is not None:
            self.deeds.use_others(self.map.of, images)

    def _show_some(self, images: np.ndarray) -> None:
        if self.map.of is self.detail.data:  # which it is not while the set is read anew
            self.detail.show_some(images)

    def _show_large(self, grid: SampleGrid) -> None:
        if self.detail.data is not None:
            show_large(self.detail.data, grid, self.parts.background, self.window())

    def read_again(self) -> None:
        """Whether sets are there, and the chosen one, as they are now."""
        self._shown = None
        self._note_change()
        if (chosen := self.list.current()) is not None:
            self._choose(chosen)

    def choose_folder(self) -> None:
        path = pick_folder(self, "Folder with one folder per class")
        if path:
            self.open_path(path)

    def choose_file(self) -> None:
        path = pick_file(self, "Zip or table of texts", DATA_FILES)
        if path:
            self.open_path(path)

    def open_path(self, path: str) -> None:
        """A folder or zip of the person's own is listed and shown."""

        def look(cancelled: Callable[[], bool]) -> tuple[DatasetChoice, Listing]:
            from engine.data.files.tree import list_files
            from engine.data.sources import choice_of

            listing = list_files(path, cancelled)
            return choice_of(listing), listing

        failed = self.parts.background.saying(self._refuse, "The folder could not be read.")
        self.parts.background.run(look, lambda found: self._opened(*found), failed, key="data page open")

    def _opened(self, choice: DatasetChoice, listing: Listing) -> None:
        self.reading.bring(f"{choice.name}:{choice.path}", listing)
        self.receive(choice)

    def _refuse(self, words: str) -> None:
        self.parts.toasts.show(words, level="error", seconds=20)

    def _show_menu(self, at: QPoint) -> None:
        if self.list.current() is not None:
            groups = (("use", "again", "folder"), ("rename", "forget"), ("bin",))
            self.deeds.menu_of(groups).popup(self.list.viewport().mapToGlobal(at))
