"""The numbers behind a curve plot as a table: for screen readers, for copying, for looking one up."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.comparison.wording import NO_NUMBER
from ui.figures.curve_axes import X_AXES, clock, y_text

Index = QModelIndex | QPersistentModelIndex


class CurveTableModel(QAbstractTableModel):
    """Rows are the distinct x of all curves, the first column is x, then one column per curve."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._heads: list[str] = []
        self._values = np.zeros((0, 1))
        self._axis, self._unit = "step", "number"

    def show(self, heads: list[str], values: np.ndarray, axis: str, unit: str) -> None:
        """values: float64 [rows, 1 + len(heads)], NaN where a curve has no point."""
        more = len(values) - len(self._values)
        if (heads, axis, unit) != (self._heads, self._axis, self._unit) or more < 0:
            self.beginResetModel()
            self._heads, self._values, self._axis, self._unit = heads, values, axis, unit
            self.endResetModel()
            return
        if more:  # a live curve grows: the reader's place in the table stays
            self.beginInsertRows(QModelIndex(), len(self._values), len(values) - 1)
        self._values = values
        if more:
            self.endInsertRows()
        self.dataChanged.emit(self.index(0, 0), self.index(len(values) - 1, len(heads)))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._values)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1 + len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return section + 1
        return X_AXES[self._axis] if section == 0 else self._heads[section - 1]

    def data(self, index: Index, role: int = 0) -> object:
        value = float(self._values[index.row(), index.column()])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole or value != value:
            return None
        if index.column():
            if value == float("inf"):
                return NO_NUMBER
            return y_text(value, self._unit)
        return clock(value) if self._axis == "time" else f"{value:,.6g}" if self._axis == "epoch" else f"{value:,.0f}"
