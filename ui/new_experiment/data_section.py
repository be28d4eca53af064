"""First column of New experiment: which images, how many labels, how they are divided."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from engine.data.dataset import BUNDLED, HERE
from engine.data.sources import sets
from engine.experiment import DatasetChoice
from engine.families import MULTITASK
from ui import theme
from ui.data.known_sets import is_there
from ui.new_experiment.data_cards import DataCards, choice_of, sampled
from ui.new_experiment.data_left import DataLeft
from ui.new_experiment.data_preview import DataPreview
from ui.new_experiment.data_settings import START, Counts, DataSettings
from ui.new_experiment.offered_columns import OfferedColumns
from ui.new_experiment.path_look import PathLook
from ui.new_experiment.tasks_settings import TasksSettings
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.column import Column
from ui.widgets.layouts import in_row
from ui.widgets.picking import DATA_FILE, DATA_FILES
from ui.widgets.problem import Problem
from ui.widgets.saving import documents
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from engine.data.dataset import DatasetInfo
    from engine.data.episode_splits import EpisodeShape
    from engine.data.samples import Sample

LEAST_HEIGHT = 420  # pixels, below which all of it scrolls
READ_AFTER = 200  # milliseconds of quiet


class DataSection(Column):
    """changed: the choice is another one. judged: the images were read, or cannot be. refused: what was handed in is no
    data, and what was chosen before stays."""

    changed = Signal()
    judged = Signal()
    refused = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__("Data", 1, parent)
        self._parts, self._memory = parts, WindowMemory(parts.settings)
        self._key, self._is_low = START.name, False
        self._place = ""  # where a folder was picked last, a wrong one too
        self._found: tuple[DatasetInfo, ...] = ()
        self._samples: dict[str, Callable[[Sample | None], None]] = {}
        self.list = DataCards()
        self.cards = self.list.cards
        self.body.addLayout(self._open_buttons())
        self.body.addWidget(self.list)
        self.problem = Problem()
        self.settings, self.tasks = DataSettings(self), TasksSettings(self)
        self._left = DataLeft(self.settings, self._memory)
        self.preview = DataPreview(parts.background, self)
        self.columns = OfferedColumns(parts.background, self.settings.own, self)
        self.looking = PathLook(parts.background, self)
        self.body.addWidget(self.tasks)
        self.body.addWidget(self.settings)
        self.body.addWidget(self.preview)
        self.notice.add(self.problem, self.preview.warnings)
        self.foot.addWidget(self.settings.first)
        self.finish()
        self._connect()
        self.settings.fill(START)
        self._show_at_once()

    def _connect(self) -> None:
        self._delay = QTimer(self, singleShot=True)
        self._delay.timeout.connect(self._read)
        self.list.chosen.connect(self._choose)
        self.list.removed.connect(self._remove)
        self.settings.changed.connect(self._say_changed)
        self.tasks.changed.connect(self.changed)
        self.preview.judged.connect(self._judge)
        self.looking.found.connect(self.fill)
        self.looking.failed.connect(self._refuse)
        self._parts.downloads.arrived.connect(lambda key: self.load() if key.startswith("data:") else None)

    def _open_buttons(self) -> QHBoxLayout:
        every = "Every data set there is, with its size and licence, also those that have to be downloaded first"
        folder = "A folder with one folder per class, or a published data set; you can also drop it on the window"
        self.all_sets = button("All sets…", "", every, self._open_all)
        self.all_sets.setAccessibleName("All data sets…")
        self.folder_button = button("Folder…", "", folder, self.choose_folder)
        self.folder_button.setAccessibleName("Choose folder…")
        self.zip_button = button("File…", "", DATA_FILE, self.choose_file)
        self.zip_button.setAccessibleName("Choose file…")
        for one in (self.folder_button, self.zip_button):
            one.setMaximumWidth(one.fontMetrics().horizontalAdvance(one.text()) + 2 * theme.GRID + 4)
        return in_row((self.all_sets, 1), self.folder_button, self.zip_button, gap=8)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """How much is used is always in sight, but where there is little room it scrolls with the rest."""
        super().resizeEvent(event)
        if self._is_low != (low := self.height() < LEAST_HEIGHT):
            self._is_low = low
            if low:
                self.body.insertWidget(self.body.indexOf(self.settings), self.settings.first)
            else:
                self.foot.addWidget(self.settings.first)

    # What there is

    def _show_at_once(self) -> None:
        """Cards of what comes with the program, was fetched when last looked, and of the folders of other days: nothing
        below moves once it is known what is there."""
        fetched = self._memory.fetched_sets()
        known = [replace(one.info, where=HERE if one.read else BUNDLED) for one in sets()]
        self.list.show_sets([info for info in known if info.where == BUNDLED or info.name in fetched], self._key)
        self.list.show_folders(dict.fromkeys(self._memory.recent_folders(), True))
        self.list.mark(self._key)

    def load(self) -> None:
        """Ask the engine for its data sets and whether the folders of other days are still there."""
        recent = self._memory.recent_folders()

        def look(cancelled: object) -> tuple[tuple[DatasetInfo, ...], dict[str, bool]]:
            from engine.data.sources import datasets

            return datasets(), {key: is_there(Path(str(choice_of(key).path))) for key in recent}

        self._parts.background.run(look, lambda found: self._show_datasets(*found), key="datasets")

    def _show_datasets(self, found: tuple[DatasetInfo, ...], folders: dict[str, bool]) -> None:
        self._memory.set_fetched_sets([info.name for info in found if info.where == HERE])
        is_first, self._found = not self._found, found
        self._show_chosen(self._key)
        remembered = self._memory.recent_folders()  # not those that were taken off the list while it was looked
        self.list.show_folders({key: there for key, there in folders.items() if key in remembered})
        self._samples = self.list.samples() if is_first else {}

    def _fetch_samples(self) -> None:
        """Samples on the cards, once the chosen data is read."""
        for name, show in self._samples.items():
            self._parts.background.run(partial(sampled, name), show, lambda error: None, key=f"sample {name}")
        self._samples = {}

    def _remove(self, key: str) -> None:
        """Take a folder off the list, for good unless it is taken back."""
        name = self.cards[key].text()
        remembered = key in self._memory.recent_folders()
        self._memory.forget_folder(key)
        self.list.drop(key)
        if key == self._key:
            self._choose(START.name)
        self._parts.toasts.show(f"{name} is not in the list any more. Its files stay where they are.",
                                "Undo", lambda: self._take_back(key, remembered))  # fmt: skip

    def _take_back(self, key: str, remembered: bool) -> None:
        if remembered:
            self._memory.remember_folder(key)
        self.list.add_folder(choice_of(key))

    # What is chosen

    def tab_order(self) -> tuple[QWidget, ...]:
        own = (*self.tasks.tab_order(), *self.settings.tab_order())
        shown = (self.preview.skipped.button, self.preview.skipped_list, *self.preview.tasks.tab_order())
        first = (self.settings.labels, self.settings.classes)
        files = (self.all_sets, self.folder_button, self.zip_button)
        return (*files, *self.list.in_order(), *own, *shown, *first)

    def choice(self) -> DatasetChoice:
        """The data set with labels, classes and split as set."""
        return self.settings.apply(choice_of(self._key))

    def fill(self, choice: DatasetChoice) -> None:
        """Show this choice."""
        self.looking.stop()
        self._left.keep(self._key)
        self.settings.fill(choice)
        self._show_chosen(self.list.add_folder(choice) if choice.path else choice.name)

    def use(self, given: DatasetChoice | Path) -> None:
        """A data set, or what lies in a folder or a zip."""
        if isinstance(given, Path):
            self.use_path(str(given))
        else:
            self.fill(given)

    def use_path(self, path: str) -> None:
        """A folder or zip becomes the data set. All of its classes and labels are used at first."""
        self._place = str(Path(path).parent)
        self.columns.forget()
        self.looking.begin(path)
        self.judged.emit()

    def _refuse(self, words: str) -> None:
        self.refused.emit()
        self.judged.emit()
        self._parts.toasts.show(words, level="error", seconds=20)

    def set_family(self, key: str) -> None:
        """One divides images, another divides classes and shows tasks."""
        self.tasks.setVisible(key == MULTITASK.key)
        if self.settings.set_family(key):
            self._read_soon()

    def set_episode(self, shape: EpisodeShape, seed: int) -> None:
        """The shape of the tasks that are shown."""
        if self.preview.set_episode(shape, seed):
            self._read_soon()

    def _choose(self, key: str) -> None:
        """As a person does: all is as this data was left; at first labels and classes are as many as it has."""
        self.looking.stop()  # what was dropped before is not wanted any more
        if key in self.cards and self._is_missing(key):
            self.list.mark(self._key)
            self.use_path(str(choice_of(key).path))  # it may be back, and what is wrong is said
            return
        self._left.keep(self._key)
        self.settings.take_up(*(self._left.of(key) or (self._first_counts(key), {})))
        self._show_chosen(key)

    def _open_all(self) -> None:
        from ui.shelf.data_picker import choose_data

        choose_data(self._parts, self.choice(), lambda chosen: self._choose(chosen.name), self.window())

    def _is_missing(self, key: str) -> bool:
        return ":" in key and self.list.folder(key).is_missing

    def _first_counts(self, key: str) -> Counts:
        """Of a folder everything; of what is bundled the labels that are set, which all of them have."""
        if ":" in key:
            return None, None
        return self.settings.labels.count(), START.classes if key == START.name else None

    def _show_chosen(self, key: str) -> None:
        self._key = key
        self.list.show_sets(self._found, key)
        self.list.mark(key)
        if key in self.cards:
            self.reveal(self.cards[key])
        self.settings.set_source(choice_of(key).name)
        self.tasks.set_data(choice_of(key), self._found)
        self._say_changed()

    def _say_changed(self) -> None:
        self.preview.expect()
        self._read_soon()
        self.changed.emit()

    def _read_soon(self) -> None:
        """Once nobody types any more; what is met at first nobody has typed."""
        self._delay.start(READ_AFTER if self.preview.has_judged else 0)

    def _read(self) -> None:
        self.preview.read(self.choice(), self.settings.family.divides == "classes")
        self.columns.look(self.choice())

    def _judge(self) -> None:
        self._fetch_samples()
        self.problem.say(self.preview.fault)
        found = self.preview.found
        self.settings.shift.show_samples(found)
        self.settings.split_words.setText(found.split_sentence if found else "")
        if self.preview.fault and (own := self.settings.open_own()) is not None:
            self.reveal(own)
        if found is not None:
            self.list.describe(self._key, found)
        if found is not None and not self.preview.fault and ":" in self._key:
            self._memory.remember_folder(self._key)  # only what could be used is offered another day
        self.judged.emit()

    # Dialogs

    def choose_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self, "Folder with one folder per class", self._last_place()):
            self.use_path(path)

    def choose_file(self) -> None:
        if path := QFileDialog.getOpenFileName(self, "Zip or table of texts", self._last_place(), DATA_FILES)[0]:
            self.use_path(path)

    def _last_place(self) -> str:
        recent = self._memory.recent_folders()
        return self._place or (str(Path(str(choice_of(recent[0]).path)).parent) if recent else documents())
