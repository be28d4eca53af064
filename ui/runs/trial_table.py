"""The trials of a search as a table: values, accuracy with its interval, folds, state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QWidget

from engine.comparison.wording import duration, with_interval
from engine.events import TrialCompleted
from engine.search.space import Range, shown
from engine.search.trials import best, score
from ui import theme
from ui.figures.painted import line_height
from ui.figures.plain_table import HeadedModel, PlainTable, said
from ui.widgets.table_text import copy_table

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
MOST_ROWS = 8  # before the table scrolls
SORT = Qt.ItemDataRole.UserRole
STATES = {"complete": "all folds", "pruned": "given up early", "failed": "diverged"}


class TrialModel(HeadedModel):
    """One row per trial, in the order they were tried."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[list[tuple[str, Any]]] = []  # (words, what it is sorted by)
        self.chosen = -1

    def show(self, trials: Sequence[TrialCompleted], ranges: Sequence[Range]) -> None:
        self.beginResetModel()
        found = best(trials)
        self.heads = ["Setting", "Accuracy", "State", *(one.label for one in ranges), "Folds", "Time"]
        self.cells = [_cells(trial, ranges, found) for trial in trials]
        self.chosen = next((row for row, trial in enumerate(trials) if trial is found), -1)
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.cells)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        words, key = self.cells[index.row()][index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return said(words, role)
        if role == SORT:
            return key
        if role == Qt.ItemDataRole.FontRole:
            return theme.font(bold=index.row() == self.chosen, tabular=True)
        return None


def _cells(trial: TrialCompleted, ranges: Sequence[Range], found: TrialCompleted | None) -> list[tuple[str, Any]]:
    values = [(shown(trial.values.get(one.name, "–")), trial.values.get(one.name, "")) for one in ranges]
    accuracy = score(trial) if trial.scores else None
    state = "chosen" if trial is found else STATES.get(trial.state, trial.state)
    return [
        (str(trial.number + 1), trial.number),
        (with_interval(accuracy) if accuracy else "–", accuracy.value if accuracy else -1.0),
        (state, state),
        *values,
        (str(len(trial.scores)), len(trial.scores)),
        (duration(trial.seconds), trial.seconds),
    ]


class TrialTable(PlainTable):
    """As high as its rows up to a limit; a click on a heading sorts, Ctrl+C copies what is selected."""

    most_rows = MOST_ROWS

    def __init__(self, parent: QWidget | None = None) -> None:
        self.tried: tuple[TrialCompleted, ...] = ()
        self.trials = TrialModel()
        self._order = QSortFilterProxyModel()
        self._order.setSourceModel(self.trials)
        self._order.setSortRole(SORT)
        super().__init__(self._order, "Settings that were tried", parent)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSortingEnabled(True)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setSortIndicatorClearable(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def show_trials(self, trials: Sequence[TrialCompleted], ranges: Sequence[Range]) -> None:
        grown = len(trials) != self.trials.rowCount()
        self.tried = tuple(trials)
        self.trials.show(trials, ranges)
        self.verticalHeader().setDefaultSectionSize(round(line_height()) + 8)
        if grown:
            self.resizeColumnsToContents()
            for column in range(len(self.trials.heads)):
                self.setColumnWidth(column, self.columnWidth(column) + 16)
        self.updateGeometry()

    def copy(self) -> None:
        rows = sorted({index.row() for index in self.selectedIndexes()}) or range(self._order.rowCount())
        columns = range(self._order.columnCount())
        cells = [[str(self._order.index(row, column).data()) for column in columns] for row in rows]
        copy_table([self.trials.heads, *cells])
