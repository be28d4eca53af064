"""The data sets to choose from: folders that were used, newest first, below them what comes with the program and
what was fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QMenu, QSizePolicy, QVBoxLayout, QWidget

from engine.comparison.wording import count
from engine.data.dataset import BUNDLED, DOWNLOAD, HERE, OWN
from engine.data.sources import known
from engine.experiment import DatasetChoice
from ui.widgets.buttons import icon_button
from ui.widgets.card import ChoiceCard
from ui.widgets.choice_list import GroupHeading
from ui.widgets.images import ImageStrip
from ui.widgets.layouts import in_column
from ui.widgets.text import plain

if TYPE_CHECKING:
    from engine.data.dataset import DatasetInfo
    from engine.data.preview import DatasetPreview

TILE = 28
SEVERAL = 2  # folders of the person's own, from which on what comes with the program is folded
REMOVE = "Remove from the list"


class SetCard(ChoiceCard):
    """A data set that is fetched, or was."""

    def __init__(self, info: DatasetInfo) -> None:
        super().__init__(info.name, info.title, facts_of(info) or info.description, one_line=True)
        self.setAccessibleDescription(". ".join(part for part in (info.description, facts_of(info)) if part))
        self.setToolTip(plain("\n".join((info.description, facts_of(info), f"Licence: {info.licence}"))))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)  # no higher where there is room
        self.show_where(info)

    def show_where(self, info: DatasetInfo) -> None:
        self.set_badge("not here" if info.where == DOWNLOAD else info.where)


class BundledCard(SetCard):
    """A data set that comes with the program, with a sample once it is read."""

    def __init__(self, info: DatasetInfo) -> None:
        super().__init__(info)
        self.strip = ImageStrip(TILE, 1)  # which has its room from the start
        self.strip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.strip.setFixedSize(TILE, TILE)
        self.stand_beside(self.strip)

    def show_samples(self, found: DatasetPreview) -> None:
        self.strip.set_images(found.strip)


class FolderCard(ChoiceCard):
    """A folder or zip of the person's own. removed: it shall leave the list; its images stay."""

    removed = Signal(str)

    def __init__(self, key: str, choice: DatasetChoice) -> None:
        path = str(choice.path)
        super().__init__(key, Path(path).name or path, path, one_line=True)
        self._badge = badge_of(choice)
        self.is_missing = False
        name = f"Remove {self.title.text()} from the list"
        self.remove = icon_button("close", name, lambda: self.removed.emit(key))
        self.remove.setToolTip(f"{REMOVE}; its images stay where they are")
        self.first_line.addWidget(self.remove)
        self.setToolTip(plain(path))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.set_missing(False)

    def set_missing(self, missing: bool) -> None:
        """Grey, with the word, while there is nothing at its path."""
        self.is_missing = missing
        self.set_badge("missing" if missing else self._badge, "warning" if missing else "muted")
        for line in (self.title, self.facts):
            line.set_role("faint" if missing else "text" if line is self.title else "muted")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.key)
        else:
            super().keyPressEvent(event)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        action = QAction(REMOVE, menu)
        action.triggered.connect(lambda: self.removed.emit(self.key))
        menu.addAction(action)
        menu.popup(self.mapToGlobal(place))


class DataCards(QWidget):
    """chosen(key) by a person; removed(key). Keys are names of data sets, or "name:path". What comes with the program
    stands folded below several folders of the person's own, so that what is found in them stays in sight."""

    chosen = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, ChoiceCard] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(lambda card: self.chosen.emit(card.key))
        self._group.buttonToggled.connect(lambda *_: self._fold())
        self._own, self._bundled, self._fetched = in_column(gap=8), in_column(gap=8), in_column(gap=8)
        self.heading = GroupHeading("With the program")
        self.heading.toggled.connect(self._fold)
        in_column(self._own, self.heading, self._bundled, self._fetched, owner=self, gap=8)
        self._fold()

    def show_sets(self, found: Sequence[DatasetInfo], key: str) -> None:
        """What comes with the program and what was fetched. Of the others the one of this key, which is chosen."""
        for info in found:
            card = self.cards.get(info.name)
            if isinstance(card, SetCard):
                card.show_where(info)
            elif info.where == BUNDLED:
                self._add(info.name, BundledCard(info), self._bundled, -1)
            elif info.where == HERE or (info.where == DOWNLOAD and info.name == key):
                self._add(info.name, SetCard(info), self._fetched, -1)

    def show_folders(self, present: Mapping[str, bool]) -> None:
        """Recent folders by key, the newest first, and whether each is still there."""
        for key in reversed(list(present)):
            self.add_folder(choice_of(key))
            self.folder(key).set_missing(not present[key])

    def add_folder(self, choice: DatasetChoice) -> str:
        """The key of this folder's card, which is made if there is none, above the others."""
        key = key_of(choice)
        if key not in self.cards:
            card = FolderCard(key, choice)
            card.removed.connect(self.removed)
            self._add(key, card, self._own, 0)
        return key

    def _add(self, key: str, card: ChoiceCard, place: QVBoxLayout, at: int) -> None:
        self.cards[key] = card
        self._group.addButton(card)
        place.insertWidget(at, card)
        self._fold()

    def _fold(self) -> None:
        """A closed heading names what is in it, or the one that is chosen."""
        bundled = [card for card in inside(self._bundled) if isinstance(card, ChoiceCard)]
        folded = self._own.count() >= SEVERAL and bool(bundled)
        self.heading.setVisible(folded)
        chosen = next((card.title.text() for card in bundled if card.isChecked()), "")
        self.heading.set_summary(", ".join(card.title.text() for card in bundled), chosen)
        for card in bundled:
            card.setVisible(not folded or self.heading.isChecked())

    def folder(self, key: str) -> FolderCard:
        card = self.cards[key]
        assert isinstance(card, FolderCard)
        return card

    def drop(self, key: str) -> None:
        """Take a folder's card away."""
        card = self.cards.pop(key)
        self._group.removeButton(card)
        self._own.removeWidget(card)
        card.hide()
        card.deleteLater()
        self._fold()

    def mark(self, key: str) -> None:
        if key in self.cards:
            self.cards[key].setChecked(True)

    def describe(self, key: str, found: DatasetPreview) -> None:
        """What was found in a folder of the person's own."""
        if ":" in key and key in self.cards:
            self.folder(key).set_missing(False)
            self.folder(key).facts.setText(found.sentence)

    def strips(self) -> dict[str, Callable[[DatasetPreview], None]]:
        """By the name of what comes with the program: what shows its samples."""
        return {key: card.show_samples for key, card in self.cards.items() if isinstance(card, BundledCard)}

    def in_order(self) -> tuple[QWidget, ...]:
        """Cards as they stand, each folder followed by its button."""
        below = [*inside(self._bundled), *inside(self._fetched)]
        cards = [*inside(self._own), self.heading, *below]
        lines = [(card, card.remove) if isinstance(card, FolderCard) else (card,) for card in cards]
        return tuple(widget for line in lines for widget in line)


def inside(place: QVBoxLayout) -> list[QWidget]:
    items = [place.itemAt(index) for index in range(place.count())]
    return [widget for item in items if item is not None and (widget := item.widget()) is not None]


def key_of(choice: DatasetChoice) -> str:
    return f"{choice.name}:{choice.path}" if choice.path else choice.name


def choice_of(key: str) -> DatasetChoice:
    name, _, path = key.partition(":")
    return DatasetChoice(name=name, path=path or None)


def badge_of(choice: DatasetChoice) -> str:
    """What is published goes by its name."""
    source = known(choice.name)
    return OWN if source is None or source.files else source.info.title


def facts_of(info: DatasetInfo) -> str:
    """ "6,000 images · 200 classes · 28 px"; what is not known is left out."""
    parts = [count(info.images, "images")] if info.images else []
    parts += [count(info.classes, "classes")] if info.classes else []
    if info.image_size is not None:
        height, width = info.image_size
        parts.append(f"{width} px" if width == height else f"{width} × {height} px")
    return " · ".join(parts)
