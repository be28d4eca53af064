"""The list of what can be tried, runs and exported folders: words to find them, and a tick before each that answers."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QListView, QWidget

from engine.comparison.wording import count, figure
from engine.multitask.titles import of_one, titles
from engine.naming import backbone_title, data_title, method_title
from storage.rows import RunRow
from ui.listing.card_list import OnCard
from ui.listing.finding import search
from ui.trying.run_line import CHECK_ROOM, FACTS, RunLine
from ui.trying.triable import Key, TaskOfRun, TriableRuns
from ui.trying.triable_folder import TriableFolder
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column
from ui.widgets.text import Text, plain

Index = QModelIndex | QPersistentModelIndex
NOTHING = QModelIndex()
Shown = RunRow | TaskOfRun | TriableFolder
OPEN_FOLDER = "Open an exported folder…"
OPEN_TIP = "A model that “export” wrote, here or on another machine; it can also be dropped anywhere here"


class ChoiceModel(QAbstractListModel):
    """Folders and then runs that were found by the words, each ticked or not."""

    def __init__(self) -> None:
        super().__init__()
        self.folders: tuple[TriableFolder, ...] = ()
        self.runs: tuple[RunRow | TaskOfRun, ...] = ()
        self.found: list[Shown] = []
        self.ticked: tuple[Key, ...] = ()
        self._words = ""

    @property
    def keys(self) -> set[Key]:
        """Of all that can be ticked, found or not."""
        return {*(one.key for one in self.folders), *map(key_of, self.runs)}

    def show_runs(self, runs: tuple[RunRow | TaskOfRun, ...]) -> None:
        self.runs = runs
        self.filter(self._words)

    def add_folder(self, folder: TriableFolder) -> None:
        """The last one first; of one place only once."""
        self.folders = (folder, *(one for one in self.folders if one.key != folder.key))
        self.filter(self._words)

    def add_remembered(self, folders: tuple[TriableFolder, ...]) -> None:
        """Behind those that were opened meanwhile."""
        known = {one.key for one in self.folders}
        self.folders = (*self.folders, *(one for one in folders if one.key not in known))
        self.filter(self._words)

    def filter(self, words: str) -> None:
        self._words, meant = words, search(words)
        self.beginResetModel()
        self.found = [
            *(one for one in self.folders if not meant.tags and meant.finds_words(searched(one))),
            *(one for one in self.runs if meant.finds(one if isinstance(one, RunRow) else one.row, searched(one))),
        ]
        self.endResetModel()

    def tick(self, keys: tuple[Key, ...]) -> None:
        self.ticked = keys
        if self.found:
            self.dataChanged.emit(self.index(0), self.index(len(self.found) - 1))

    def rowCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else len(self.found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        one = self.found[index.row()]
        name, is_ticked = one.name, key_of(one) in self.ticked
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name
            case Qt.ItemDataRole.CheckStateRole:
                return Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.ToolTipRole:
                where = f"\n{one.folder}" if isinstance(one, TriableFolder) else ""
                return plain(f"{name}\n{facts(one)}{where}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{name}, {facts(one)}{', ticked' if is_ticked else ''}"
        return facts(one) if role == FACTS else None


def key_of(one: Shown) -> Key:
    return one.id if isinstance(one, RunRow) else one.key


def facts(one: Shown) -> str:
    """ "94.2 % · Linear probe · SqueezeNet · TrashNet", "Exported · 6 classes · SqueezeNet"; of a task its title, no
    figure, which is the mean over all of them."""
    if isinstance(one, TriableFolder):
        return f"Exported · {count(one.classes, 'classes')} · {one.network}"
    if isinstance(one, TaskOfRun):
        own, experiment = of_one(one.row.experiment, one.place), one.row.experiment
        names = method_title(experiment.method.name), backbone_title(experiment.backbone.name), data_title(own)
        return " · ".join((titles(experiment)[one.place], *names))
    return facts_of_run(one)


def facts_of_run(row: RunRow) -> str:
    score = figure(row.test.metric, row.test.value) if row.test is not None else "not tested"
    experiment = row.experiment
    named = method_title(experiment.method.name), backbone_title(experiment.backbone.name), data_title(experiment)
    return " · ".join((score, *named))


def searched(one: Shown) -> str:
    return f"{key_of(one)} {one.name} {facts(one)}".casefold()


class RunView(QListView):
    """A click chooses one run alone; a click on its box, Ctrl or Space ticks it beside the others."""

    alone, beside = Signal(int), Signal(int)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        at: QPoint = event.position().toPoint()
        index = self.indexAt(at)
        if not index.isValid() or event.button() != Qt.MouseButton.LeftButton:
            return
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        on_box = at.x() - self.visualRect(index).left() < CHECK_ROOM
        (self.beside if ctrl or on_box else self.alone).emit(index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self.currentIndex()
        if place.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.alone.emit(place.row())
        elif place.isValid() and event.key() == Qt.Key.Key_Space:
            self.beside.emit(place.row())
        else:
            super().keyPressEvent(event)


class RunChoice(QWidget):
    """chosen(keys): others are ticked than before, in the order in which they were. folder_wanted: the button."""

    chosen, folder_wanted = Signal(object), Signal()

    def __init__(self) -> None:
        super().__init__()
        self.model = ChoiceModel()
        self.field = QLineEdit(placeholderText="Find a run")
        self.field.setClearButtonEnabled(True)
        self.field.setAccessibleName("Find a run")
        self.field.textChanged.connect(self.model.filter)
        self.view = RunView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(RunLine(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        OnCard(self.view, "Runs that can be tried")
        self.view.alone.connect(lambda place: self.tick((key_of(self.model.found[place]),)))
        self.view.beside.connect(self._turn)
        self.note = Text("", "small", "muted")
        self.open_folder = button(OPEN_FOLDER, "folder", OPEN_TIP, self.folder_wanted.emit)
        in_column(self.field, (self.view, 1), self.note, self.open_folder, owner=self, gap=8)

    def show_runs(self, found: TriableRuns) -> None:
        """Ticks of runs that are gone go."""
        self.model.show_runs(found.runs)
        self.note.setText(left_out(found))
        self.note.setVisible(bool(self.note.text()))
        there = self.model.keys
        self.tick(tuple(key for key in self.model.ticked if key in there))

    def add_folder(self, folder: TriableFolder) -> None:
        """It answers from now on, alone."""
        self.model.add_folder(folder)
        self.tick((folder.key,))

    def add_remembered(self, folders: tuple[TriableFolder, ...]) -> None:
        """Nothing is ticked by it."""
        self.model.add_remembered(folders)

    def tick(self, keys: tuple[Key, ...]) -> None:
        if keys != self.model.ticked:
            self.model.tick(keys)
            self.chosen.emit(keys)

    def focus_filter(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _turn(self, place: int) -> None:
        one, ticked = key_of(self.model.found[place]), self.model.ticked
        self.tick(tuple(each for each in ticked if each != one) if one in ticked else (*ticked, one))


def left_out(found: TriableRuns) -> str:
    """Why other runs are not listed."""
    reasons = []
    if found.silent:
        reasons.append(f"{count(found.silent, 'runs')} without saved weights")
    if found.meets:
        reasons.append(f"{count(found.meets, 'runs')} of meta-learners or pretraining, without classes of their own")
    return f"Not listed: {' and '.join(reasons)}." if reasons else ""
