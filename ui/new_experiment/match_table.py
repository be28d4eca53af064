"""Which tensors of a file go where in a network, a line each; what does not fit comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from ui import theme

if TYPE_CHECKING:
    from engine.backbones.own.matching import MatchRow

COLUMNS = ("In the network", "In the file", "Shape", "Found")
WIDTHS = {2: 96, 3: 170}  # pixels
ORDER = ("wrong shape", "missing", "left over", "changed", "matched", "not needed")
ROLES = {"wrong shape": "bad", "missing": "warning", "changed": "accent"}


class MatchTable(QTableWidget):
    """Read only."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self.setHorizontalHeaderLabels(list(COLUMNS))
        self.setAccessibleName("How the file fits the network")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        for column in (0, 1):
            self.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column, width in WIDTHS.items():
            self.setColumnWidth(column, width)
        self.setTabKeyNavigation(False)

    def show_rows(self, rows: Sequence[MatchRow]) -> None:
        self.setRowCount(len(rows))
        for place, row in enumerate(sorted(rows, key=lambda one: ORDER.index(one.state))):
            shape = "×".join(map(str, row.shape)) or "one number"
            how = row.note if row.state == "matched" else f"{row.state}: {row.note}" if row.note else row.state
            for column, text in enumerate((row.name, row.source, shape, how)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if column == len(COLUMNS) - 1 and (role := ROLES.get(row.state)):
                    item.setForeground(theme.colour(role))
                self.setItem(place, column, item)
