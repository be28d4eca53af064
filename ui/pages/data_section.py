"""First column of New experiment: which images, how many labels, how they are divided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from engine.experiment import DatasetChoice
from ui.pages.data_preview import DataPreview
from ui.pages.data_settings import DataSettings
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.card import ChoiceCard
from ui.widgets.column import Column
from ui.widgets.images import ImageStrip
from ui.widgets.problem import Problem
from ui.widgets.saving import documents
from ui.widgets.text import Text
from ui.widgets.words import count
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from engine.data.episode_splits import EpisodeShape
    from engine.data.preview import DatasetPreview
    from engine.data.sources import DatasetInfo

START = DatasetChoice(name="glyphs", classes=40, labels_per_class=2)  # what a newcomer sees first
SHOWN_RECENT = 3
BADGES = {"omniglot": "Omniglot", "mnist": "MNIST"}


class DataSection(Column):
    """changed: the choice is another one. judged: the images were read, or cannot be."""

    changed = Signal()
    judged = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__("Data", parent)
        self._parts, self._memory = parts, WindowMemory(parts.settings)
        self._key = START.name
        self.cards: dict[str, ChoiceCard] = {}
        self._strips: list[tuple[ChoiceCard, DatasetChoice]] = []  # samples to fetch once the chosen data is read
        self._group = QButtonGroup(self)
        self._waiting = Text("Looking for data sets…", role="muted")
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.body.addWidget(self._waiting)
        self.body.addLayout(self._list)
        self.body.addLayout(self._open_buttons())
        self.problem = Problem()
        self.body.addWidget(self.problem)
        self.settings = DataSettings(self)
        self.preview = DataPreview(parts.background, self)
        self.body.addWidget(self.settings)
        self.body.addWidget(self.preview)
        self.finish()
        self._connect()
        self.settings.fill(START)

    def _connect(self) -> None:
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(200)
        self._delay.timeout.connect(self._read)
        self._group.buttonClicked.connect(lambda card: self._choose(card.key))
        self.settings.changed.connect(self._say_changed)
        self.preview.judged.connect(self._judge)

    def _open_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        tip = (
            "A folder with one folder per class, or MNIST or Omniglot as published; you can also drop it on the window"
        )
        self.folder_button = button("Choose folder…", "folder", tip, self.choose_folder)
        self.zip_button = button("Zip…", "archive", "A zip of class folders, of MNIST or of Omniglot", self.choose_zip)
        self.zip_button.setAccessibleName("Choose zip…")
        row.addWidget(self.folder_button, 1)
        row.addWidget(self.zip_button)
        return row

    # What there is

    def load(self) -> None:
        """Ask the engine for its data sets; cards appear when it answers."""

        def look(cancelled: object) -> tuple[DatasetInfo, ...]:
            from engine.data.sources import datasets

            return datasets()

        self._parts.background.run(look, self._show_datasets, key="datasets")

    def _show_datasets(self, found: tuple[DatasetInfo, ...]) -> None:
        self._waiting.hide()
        for info in found:
            if info.where != "bundled":  # the others need a folder first
                continue
            card = self._add_card(info.name, info.title, facts_of(info), info.description)
            card.set_badge(info.where)
            card.setToolTip(f"Licence: {info.licence}")
            self._strips.append((card, DatasetChoice(name=info.name)))
        for words in self._memory.recent_folders()[:SHOWN_RECENT]:
            name, _, path = words.partition(":")
            self._add_folder(DatasetChoice(name=name, path=path))
        self._choose(self._key)

    def _add_card(self, key: str, title: str, facts: str, idea: str) -> ChoiceCard:
        card = ChoiceCard(key, title, facts, idea)
        card.strip = ImageStrip(28, 1)  # type: ignore[attr-defined]
        card.add(card.strip)  # type: ignore[attr-defined]
        card.strip.hide()  # type: ignore[attr-defined]
        self.cards[key] = card
        self._group.addButton(card)
        self._list.addWidget(card)
        return card

    def _add_folder(self, choice: DatasetChoice) -> str:
        key, path = f"{choice.name}:{choice.path}", str(choice.path)
        if key not in self.cards:
            card = self._add_card(key, Path(path).name or path, path, "")
            card.set_badge(BADGES.get(choice.name, "your folder"))
            card.setToolTip(path)
        return key

    def _fetch_strip(self, card: ChoiceCard, choice: DatasetChoice) -> None:
        def look(cancelled: object) -> DatasetPreview:
            from engine.data.preview import preview

            return preview(choice)

        def show(found: DatasetPreview) -> None:
            card.strip.set_images(found.strip)  # type: ignore[attr-defined]
            card.strip.show()  # type: ignore[attr-defined]

        self._parts.background.run(look, show, lambda error: None, key=f"strip {card.key}")

    # What is chosen

    def tab_order(self) -> tuple[QWidget, ...]:
        own = (self.folder_button, self.zip_button, *self.settings.tab_order())
        shown = (self.preview.skipped.button, self.preview.skipped_list, *self.preview.tasks.tab_order())
        return (*self.cards.values(), *own, *shown)

    def choice(self) -> DatasetChoice:
        """The data set with labels, classes and split as set."""
        name, _, path = self._key.partition(":")
        return self.settings.apply(DatasetChoice(name=name, path=path or None))

    def fill(self, choice: DatasetChoice) -> None:
        """Show this choice."""
        self.settings.fill(choice)
        self._choose(self._add_folder(choice) if choice.path else choice.name)

    def use_path(self, path: str) -> None:
        """A folder or zip becomes the data set and is remembered. All of its classes and labels are used at first."""

        def look(cancelled: object) -> DatasetChoice:
            from engine.data.sources import resolve

            return resolve(path)

        self._parts.background.run(look, self._adopt, self._refuse, key="resolve")

    def _adopt(self, choice: DatasetChoice) -> None:
        self._memory.remember_folder(f"{choice.name}:{choice.path}")
        self.fill(choice)

    def _refuse(self, error: Exception) -> None:
        self._parts.toasts.show(str(error), level="error", seconds=20)

    def set_family(self, family: str) -> None:
        """ "finetune" divides images, "meta" divides classes and shows tasks."""
        self.settings.set_family(family)
        self._delay.start()

    def set_episode(self, shape: EpisodeShape, seed: int) -> None:
        """The shape of the tasks that are shown."""
        if self.preview.set_episode(shape, seed):
            self._delay.start()

    def _choose(self, key: str) -> None:
        self._key = key
        if key in self.cards:
            self.cards[key].setChecked(True)
            self.area.ensureWidgetVisible(self.cards[key])
        self.settings.set_source(key.partition(":")[0])
        self._say_changed()

    def _say_changed(self) -> None:
        self.preview.expect()
        self._delay.start()
        self.changed.emit()

    def _read(self) -> None:
        self.preview.read(self.choice(), self.settings.family)

    def _fetch_strips(self) -> None:
        for card, choice in self._strips:
            self._fetch_strip(card, choice)
        self._strips = []

    def _judge(self) -> None:
        self._fetch_strips()
        self.problem.say(self.preview.fault)
        found = self.preview.found
        self.settings.shift.show_samples(found)
        self.settings.split_words.setText(found.split_sentence if found else "")
        self.settings.split_words.setVisible(bool(found and found.split_sentence))
        if found is not None and ":" in self._key and self._key in self.cards:
            card = self.cards[self._key]
            card.facts.setText(found.sentence)
            card.strip.set_images(found.strip)  # type: ignore[attr-defined]
            card.strip.show()  # type: ignore[attr-defined]
        self.judged.emit()

    # Dialogs

    def choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder with one folder per class", self._last_place())
        if path:
            self.use_path(path)

    def choose_zip(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Zip of class folders", self._last_place(), "Zip files (*.zip)")
        if path:
            self.use_path(path)

    def _last_place(self) -> str:
        recent = self._memory.recent_folders()
        return str(Path(recent[0].partition(":")[2]).parent) if recent else documents()


def facts_of(info: DatasetInfo) -> str:
    """ "6,000 images · 200 classes · 28 px"; what is not known is left out."""
    parts = [count(info.images, "image")] if info.images else []
    parts += [count(info.classes, "class", "classes")] if info.classes else []
    if info.image_size is not None:
        height, width = info.image_size
        parts.append(f"{width} px" if width == height else f"{width} × {height} px")
    return " · ".join(parts)
