"""The list of runs that can be tried: words to find them, and a tick before each that answers."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QListView, QWidget

from engine.comparison.wording import count, figure
from engine.naming import backbone_title, data_title, method_title
from storage.rows import RunRow
from ui.listing.card_list import OnCard
from ui.listing.finding import search
from ui.trying.run_line import CHECK_ROOM, FACTS, RunLine
from ui.trying.triable import TriableRuns
from ui.widgets.layouts import in_column
from ui.widgets.text import Text, plain

Index = QModelIndex | QPersistentModelIndex
NOTHING = QModelIndex()


class ChoiceModel(QAbstractListModel):
    """Runs that were found by the words, each ticked or not."""

    def __init__(self) -> None:
        super().__init__()
        self.known: tuple[RunRow, ...] = ()
        self.found: list[RunRow] = []
        self.ticked: tuple[int, ...] = ()
        self._words = ""

    def show_runs(self, runs: tuple[RunRow, ...]) -> None:
        self.known = runs
        self.filter(self._words)

    def filter(self, words: str) -> None:
        self._words, meant = words, search(words)
        self.beginResetModel()
        self.found = [row for row in self.known if meant.finds(row, searched(row))]
        self.endResetModel()

    def tick(self, run_ids: tuple[int, ...]) -> None:
        self.ticked = run_ids
        if self.found:
            self.dataChanged.emit(self.index(0), self.index(len(self.found) - 1))

    def rowCount(self, parent: Index = NOTHING) -> int:
        return 0 if parent.isValid() else len(self.found)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.found[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.name
            case Qt.ItemDataRole.CheckStateRole:
                return Qt.CheckState.Checked if row.id in self.ticked else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.ToolTipRole:
                return plain(f"{row.name}\n{facts(row)}")
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.name}, {facts(row)}{', ticked' if row.id in self.ticked else ''}"
        return facts(row) if role == FACTS else None


def facts(row: RunRow) -> str:
    """ "94.2 % · Linear probe · SqueezeNet · TrashNet"."""
    score = figure(row.test.metric, row.test.value) if row.test is not None else "not tested"
    experiment = row.experiment
    named = method_title(experiment.method.name), backbone_title(experiment.backbone.name), data_title(experiment)
    return " · ".join((score, *named))


def searched(row: RunRow) -> str:
    return f"{row.id} {row.name} {facts(row)}".casefold()


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
    """chosen(run ids): others are ticked than before, in the order in which they were."""

    chosen = Signal(object)

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
        self.view.alone.connect(lambda place: self.tick((self.model.found[place].id,)))
        self.view.beside.connect(self._turn)
        self.note = Text("", "small", "muted")
        in_column(self.field, (self.view, 1), self.note, owner=self, gap=8)

    def show_runs(self, found: TriableRuns) -> None:
        """Ticks of runs that are gone go."""
        self.model.show_runs(found.runs)
        self.note.setText(left_out(found))
        self.note.setVisible(bool(self.note.text()))
        there = {row.id for row in found.runs}
        self.tick(tuple(run_id for run_id in self.model.ticked if run_id in there))

    def tick(self, run_ids: tuple[int, ...]) -> None:
        if run_ids != self.model.ticked:
            self.model.tick(run_ids)
            self.chosen.emit(run_ids)

    def focus_filter(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _turn(self, place: int) -> None:
        one, ticked = self.model.found[place].id, self.model.ticked
        self.tick(tuple(each for each in ticked if each != one) if one in ticked else (*ticked, one))


def left_out(found: TriableRuns) -> str:
    """Why other runs are not listed."""
    reasons = []
    if found.silent:
        reasons.append(f"{count(found.silent, 'runs')} without saved weights")
    if found.meets:
        reasons.append(f"{count(found.meets, 'meta-learners')}, which have no classes of their own")
    return f"Not listed: {' and '.join(reasons)}." if reasons else ""
