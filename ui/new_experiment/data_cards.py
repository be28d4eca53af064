"""The data sets to choose from: folders that were used, newest first, below them what comes with the program and
what was fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QMenu, QVBoxLayout, QWidget

from engine.comparison.wording import count
from engine.data.dataset import BUNDLED, DOWNLOAD, HERE
from engine.data.files.kinds import lies_as
from engine.data.sources import known
from engine.experiment import DatasetChoice
from ui.widgets.buttons import icon_button
from ui.widgets.choice_list import TILE, ChoiceRow, GroupHeading
from ui.widgets.images import to_image
from ui.widgets.layouts import in_column
from ui.widgets.text import plain

if TYPE_CHECKING:
    from engine.data.dataset import DatasetInfo
    from engine.data.preview import DatasetPreview
    from engine.data.samples import Sample

SEVERAL = 2  # folders of the person's own, from which on what comes with the program is folded
MOST = 8  # rows that stand without a fold
REMOVE = "Remove from the list"
BUNDLED_SETS, FETCHED_SETS = "With the program", "Fetched"


class SetCard(ChoiceRow):
    """A data set that comes with the program, was fetched or can be: a line, with a sample once it is read."""

    def __init__(self, info: DatasetInfo) -> None:
        super().__init__(info.name, info.title, cuts_facts=True)
        self.set_facts(facts_of(info) if info.classes else info.description, brief_of(info))
        self.show_where(info)

    def show_where(self, info: DatasetInfo) -> None:
        """Grey until it was fetched."""
        self.set_faint(info.where == DOWNLOAD)
        told = (info.description, facts_of(info), "not here" if info.where == DOWNLOAD else info.where)
        self.setAccessibleDescription(". ".join(part for part in told if part))
        self.setToolTip(plain("\n".join((*(part for part in told if part), f"Licence: {info.licence}"))))

    def show_sample(self, found: Sample | None) -> None:
        if found is not None:
            self.set_sample(to_image(found))


class FolderCard(ChoiceRow):
    """A folder or zip of the person's own. removed: it shall leave the list; its files stay."""

    removed = Signal(str)

    def __init__(self, key: str, choice: DatasetChoice) -> None:
        path = str(choice.path)
        super().__init__(key, Path(path).name or path, cuts_facts=True)
        self._path, self._badge = path, badge_of(choice)
        self.is_missing = False
        name = f"Remove {self.text()} from the list"
        self.remove = icon_button("close", name, lambda: self.removed.emit(key))
        self.remove.setToolTip(f"{REMOVE}; its files stay where they are")
        self.remove.setFixedSize(TILE, TILE)
        self.stand_beside(self.remove)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.set_missing(False)

    def set_missing(self, missing: bool) -> None:
        """Grey, with the word, while there is nothing at its path."""
        self.is_missing = missing
        self.say("missing" if missing else self._badge)
        self.set_faint(missing)

    def say(self, words: str) -> None:
        """A few words beside its name."""
        self.set_words(self.text(), words)
        self.setToolTip(plain(f"{self._path}\n{words}"))

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
    """chosen(key) by a person; removed(key). Keys are names of data sets, or "name:path". A line each, however many
    there are: beside several folders of the person's own, or among many, the others stand folded below their headings,
    so that what is found in them stays in sight."""

    chosen = Signal(str)
    removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, ChoiceRow] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(lambda card: self.chosen.emit(card.key))
        self._group.buttonToggled.connect(lambda *_: self._fold())
        self.headings = {title: GroupHeading(title) for title in (BUNDLED_SETS, FETCHED_SETS)}
        self._own, self._places = in_column(gap=2), {title: in_column(gap=2) for title in self.headings}
        column = in_column(self._own, owner=self, gap=2)
        for title, heading in self.headings.items():
            heading.toggled.connect(self._fold)
            column.addWidget(heading)
            column.addLayout(self._places[title])
        self._fold()

    def show_sets(self, found: Sequence[DatasetInfo], key: str) -> None:
        """What comes with the program and what was fetched. Of the others the one of this key, which is chosen."""
        for info in found:
            card = self.cards.get(info.name)
            if isinstance(card, SetCard):
                card.show_where(info)
            elif info.where == BUNDLED:
                self._add(info.name, SetCard(info), self._places[BUNDLED_SETS], -1)
            elif info.where == HERE or (info.where == DOWNLOAD and info.name == key):
                self._add(info.name, SetCard(info), self._places[FETCHED_SETS], -1)

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

    def _add(self, key: str, card: ChoiceRow, place: QVBoxLayout, at: int) -> None:
        self.cards[key] = card
        self._group.addButton(card)
        place.insertWidget(at, card)
        self._fold()

    def _fold(self) -> None:
        """Those of the program stay open where a person has few of their own to look at."""
        folded = self._own.count() >= SEVERAL or len(self.cards) > MOST
        is_new = folded and all(heading.isHidden() for heading in self.headings.values())
        for title, heading in self.headings.items():
            if is_new:
                with QSignalBlocker(heading):
                    heading.setChecked(title == BUNDLED_SETS and self._own.count() < SEVERAL)
            self._fold_group(heading, rows_in(self._places[title]), folded)

    def _fold_group(self, heading: GroupHeading, rows: Sequence[ChoiceRow], folded: bool) -> None:
        """A closed heading names what is in it, or the one that is chosen."""
        heading.setVisible(folded and bool(rows))
        heading.set_summary(", ".join(row.text() for row in rows), next((r.text() for r in rows if r.isChecked()), ""))
        for row in rows:
            row.setVisible(not folded or heading.isChecked())

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
            self.folder(key).say(found.sentence)

    def samples(self) -> dict[str, Callable[[Sample | None], None]]:
        """By the name of what comes with the program: what shows its sample."""
        return {row.key: row.show_sample for row in rows_in(self._places[BUNDLED_SETS]) if isinstance(row, SetCard)}

    def in_order(self) -> tuple[QWidget, ...]:
        """Rows and headings as they stand, each folder followed by its button."""
        found: list[QWidget] = []
        for folder in rows_in(self._own):
            found += [folder, folder.remove] if isinstance(folder, FolderCard) else [folder]
        for title, heading in self.headings.items():
            found += [heading, *rows_in(self._places[title])]
        return tuple(found)


def rows_in(place: QVBoxLayout) -> list[ChoiceRow]:
    items = [place.itemAt(index) for index in range(place.count())]
    return [widget for item in items if item is not None and isinstance(widget := item.widget(), ChoiceRow)]


def key_of(choice: DatasetChoice) -> str:
    return f"{choice.name}:{choice.path}" if choice.path else choice.name


def choice_of(key: str) -> DatasetChoice:
    name, _, path = key.partition(":")
    return DatasetChoice(name=name, path=path or None)


def badge_of(choice: DatasetChoice) -> str:
    """What is published goes by its name."""
    source = known(choice.name)
    return f"your {lies_as(str(choice.path))}" if source is None or source.files else source.info.title


def facts_of(info: DatasetInfo) -> str:
    """ "6,000 images · 200 classes · 28 px"; what is not known is left out."""
    source = known(info.name)
    what = source.what if source is not None else "images"
    parts = [count(info.images, what)] if info.images else []
    parts += [count(info.classes, "classes")] if info.classes else []
    if info.image_size is not None:
        height, width = info.image_size
        parts.append(f"{width} px" if width == height else f"{width} × {height} px")
    return " · ".join(parts)


def brief_of(info: DatasetInfo) -> str:
    """What there is room for beside a title: "200 classes", or the kind of task that its description begins with."""
    kind, colon, _ = info.description.partition(":")
    return count(info.classes, "classes") if info.classes else kind if colon and kind.count(" ") < 2 else ""


def sampled(name: str, cancelled: object) -> Sample | None:
    """For the background: of a data set of the program, for its card."""
    from engine.data.preview import first_sample

    return first_sample(DatasetChoice(name=name))
