"""The run table's model: lines of runs or of configurations with their seeds; sorting, filter, choice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from engine.events import RunState
from storage.rows import RunRow
from ui import theme
from ui.comparison.run_arrangement import Arrangement
from ui.comparison.run_columns import COLUMNS, PLACES
from ui.comparison.run_line import Node, check_state, note_on, spoken, star, tip
from ui.comparison.run_listed import ListedRuns

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
STATE_ROLES = {RunState.FAILED: "bad", RunState.INTERRUPTED: "warning", RunState.RUNNING: "accent"}
# Plain numbers: Qt asks thousands of times per repaint.
TEXT_ROLES = frozenset({int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.EditRole)})
CHECKED, ALIGNED, DECORATED, COLOURED, TIPPED, SPOKEN, NOTED = (
    int(role)
    for role in (
        Qt.ItemDataRole.CheckStateRole, Qt.ItemDataRole.TextAlignmentRole, Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.ForegroundRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.UserRole,
    )
)  # fmt: skip
ROLES = TEXT_ROLES | {CHECKED, ALIGNED, DECORATED, COLOURED, TIPPED, SPOKEN, NOTED}
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
PLAIN = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
NAME, NOTE, STAR, STATE, TAGS = (PLACES[key] for key in ("name", "note", "star", "state", "tags"))


class RunModel(QAbstractItemModel):
    """Lines sorted and filtered here, so that a thousand runs take milliseconds and choices survive every change.

    chosen_changed: the set of ticked runs is another. renamed(run id, name) and noted(run id, text): the person typed.
    """

    chosen_changed = Signal()
    renamed, noted = Signal(int, str), Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[int, RunRow] = {}
        self.lines = Arrangement()
        self.kept = ListedRuns()
        self.chosen: set[int] = set()

    # What the page tells it

    def set_rows(self, rows: Iterable[RunRow]) -> None:
        """Show exactly these runs."""
        self._rows = {row.id: row for row in rows}
        self.kept.forget()
        self._arrange()
        self._drop_choices()

    def update_rows(self, rows: Iterable[RunRow]) -> None:
        """Put in or replace some runs; those with `deleted_at` go. Lines that stay where they are only redraw."""
        moved = False
        for row in rows:
            self.kept.forget(row.id)
            if row.deleted_at is None:
                self._rows[row.id] = row
            else:
                self._rows.pop(row.id, None)
            moved |= not self._replaced(row)
        if moved:
            self._arrange()
            self._drop_choices()

    def _replaced(self, row: RunRow) -> bool:
        """Change one line in place; False when it may have to go elsewhere."""
        node = self.lines.of_run(row.id)
        if node is None or node.parent or row.deleted_at is not None or not self._passes(row):
            return False
        before = node.order(self.lines.column)
        node.replace(row)
        if node.order(self.lines.column) != before:
            return False
        self.dataChanged.emit(self._index(node), self._index(node, len(COLUMNS) - 1))
        return True

    def _drop_choices(self) -> None:
        """Runs that are gone are no longer chosen."""
        if not self.chosen <= self._rows.keys():
            self.choose(self.chosen & self._rows.keys())

    def set_grouped(self, grouped: bool) -> None:
        if grouped != self.lines.grouped:
            self.lines.grouped = grouped
            self._arrange()

    def list_only(self, **wanted: Any) -> None:
        """Change what is listed, see `ListedRuns`: words, filters, studies, archive."""
        if self.kept.change(**wanted):
            self._arrange()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(COLUMNS):
            self.lines.column, self.lines.descending = column, order == Qt.SortOrder.DescendingOrder
            self._arrange()

    def choose(self, run_ids: Iterable[int]) -> None:
        """Tick exactly these runs."""
        before, self.chosen = self.chosen, set(run_ids) & self._rows.keys()
        if any(self.kept.is_away(self._rows[key]) for key in self.chosen - before):
            self._arrange()
        self._changed_all([Qt.ItemDataRole.CheckStateRole])
        self.chosen_changed.emit()

    # What the page asks

    def rows(self) -> list[RunRow]:
        return list(self._rows.values())

    def listed(self) -> list[RunRow]:
        """The runs that pass the filter."""
        return [row for row in self._rows.values() if self._passes(row)]

    def row(self, run_id: int) -> RunRow | None:
        return self._rows.get(run_id)

    def count_shown(self) -> int:
        """Runs that pass the filter."""
        return sum(len(node.runs) for node in self.lines.top)

    def node(self, index: Index) -> Node | None:
        return self.lines.nodes.get(index.internalId()) if index.isValid() else None

    def index_of(self, run_id: int) -> QModelIndex:
        """The line of a run, or of the configuration it is in; invalid when the filter hides it."""
        node = self.lines.of_run(run_id)
        return self._index(node) if node else QModelIndex()

    def _index(self, node: Node, column: int = 0) -> QModelIndex:
        return self.createIndex(node.place, column, node.number)

    # Arranging

    def _arrange(self) -> None:
        """Build the lines anew; selection, open configurations and the current line follow their runs."""
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        marks = [(index.internalId(), index.column()) for index in old]
        self.lines.build(self.listed())
        self.changePersistentIndexList(old, [self._found(number, column) for number, column in marks])
        self.layoutChanged.emit()

    def _found(self, number: int, column: int) -> QModelIndex:
        node = self.lines.nodes.get(number)
        return self._index(node, column) if node else QModelIndex()

    def _passes(self, row: RunRow) -> bool:
        return self.kept.passes(row, row.id in self.chosen)

    def _changed_all(self, roles: list[Qt.ItemDataRole]) -> None:
        """Say that something changed on every line without building it anew."""
        last = len(COLUMNS) - 1
        if self.lines.top:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines.top) - 1, last), roles)
        for node in self.lines.top:
            if node.children:
                edge = self._index(node.children[-1], last)
                self.dataChanged.emit(self._index(node.children[0]), edge, roles)

    # What Qt asks

    def index(self, row: int, column: int, parent: Index = ROOT) -> QModelIndex:
        above = self.node(parent)
        siblings = above.children if above else self.lines.top
        if 0 <= row < len(siblings) and 0 <= column < len(COLUMNS):
            return self.createIndex(row, column, siblings[row].number)
        return QModelIndex()

    def parent(self, index: Index = ROOT) -> QModelIndex:  # type: ignore[override]
        node = self.node(index)
        return self._index(node.parent) if node and node.parent else QModelIndex()

    def rowCount(self, parent: Index = ROOT) -> int:
        if not parent.isValid():
            return len(self.lines.top)
        node = self.node(parent)
        return len(node.children) if node and parent.column() == 0 else 0

    def columnCount(self, parent: Index = ROOT) -> int:
        return len(COLUMNS)

    def flags(self, index: Index) -> Qt.ItemFlag:
        column = index.column()
        if column not in (NAME, NOTE):
            return PLAIN
        node = self.lines.nodes.get(index.internalId())
        editable = Qt.ItemFlag.ItemIsEditable if node and not node.is_group else Qt.ItemFlag.NoItemFlags
        return (PLAIN | Qt.ItemFlag.ItemIsUserCheckable if column == NAME else PLAIN) | editable

    def hasChildren(self, parent: Index = ROOT) -> bool:
        if not parent.isValid():
            return bool(self.lines.top)
        return self.lines.grouped and parent.column() == 0 and bool(self.lines.nodes[parent.internalId()].children)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(COLUMNS):
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return "Seeds" if self.lines.grouped and column.key == "seed" else column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return column.help
        return column.short or None if role == Qt.ItemDataRole.AccessibleTextRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in ROLES:
            return None
        node, column = self.lines.nodes.get(index.internalId()), index.column()
        if node is None:
            return None
        if role in TEXT_ROLES:
            return node.text(column)
        if role == CHECKED:
            return check_state(node, self.chosen) if column == NAME else None
        if role == ALIGNED:
            return RIGHT if COLUMNS[column].number else None
        if role == DECORATED:
            return star(node, theme.is_dark()) if column == STAR else None
        if role == COLOURED:
            hue = STATE_ROLES.get(node.runs[0].state) if column == STATE and not node.is_group else None
            return theme.colour(hue) if hue else None
        if role == NOTED:
            return note_on(node, column) is not None
        return tip(node, column) if role == TIPPED else spoken(node, column)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node = self.node(index)
        if node is None:
            return False
        if role == Qt.ItemDataRole.CheckStateRole:
            ids = {run.id for run in node.runs}
            ticked = Qt.CheckState(value) != Qt.CheckState.Unchecked
            self.choose(self.chosen | ids if ticked else self.chosen - ids)
            return True
        text = str(value).strip()
        if role == Qt.ItemDataRole.EditRole and text != node.text(index.column()):
            (self.renamed if index.column() == NAME else self.noted).emit(node.runs[0].id, text)
        return False
