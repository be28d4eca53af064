"""Choosing what a column of the run table may say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from storage.rows import RunRow
from ui.comparison.run_columns import COLUMNS, Quantity, Words
from ui.comparison.run_filters import Bounds, Filter, OneOf, filtered, range_of, values_of
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.text import Text

WORD = Qt.ItemDataRole.UserRole


class BoundFields(QWidget):
    """Two numbers, of which each may be left empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.low, self.high, self.unit = QLineEdit(), QLineEdit(), Text(wrap=False)
        self.low.setAccessibleName("At least")
        self.high.setAccessibleName("At most")
        parts = Text("From", wrap=False), self.low, Text("to", wrap=False), self.high, self.unit
        in_row(*parts, owner=self).setAlignment(Qt.AlignmentFlag.AlignTop)

    def show_column(self, rows: Sequence[RunRow], by: Quantity, had: Filter | None) -> None:
        found = range_of(rows, by)
        for field, place in ((self.low, 0), (self.high, 1)):
            field.setPlaceholderText(f"{found[place]:.4g}" if found else "")
        low, high = (had.low, had.high) if isinstance(had, Bounds) else (None, None)
        self.low.setText("" if low is None else f"{low:g}")
        self.high.setText("" if high is None else f"{high:g}")
        self.unit.setText(by.unit)

    def problem(self) -> str:
        """What is wrong with what is typed, or nothing."""
        for field in (self.low, self.high):
            try:
                number(field.text())
            except ValueError:
                return f"“{field.text()[:40]}” is not a number. Type one such as 12.5, or leave the field empty."
        low, high = number(self.low.text()), number(self.high.text())
        if low is not None and high is not None and low > high:
            return "The first number is larger than the second. Exchange them."
        return ""

    def filter(self) -> Filter | None:
        low, high = number(self.low.text()), number(self.high.text())
        return None if low is None and high is None else Bounds(low, high)


def number(text: str) -> float | None:
    """A typed number, None for nothing; raises `ValueError`."""
    plain = text.strip().rstrip("%").strip().replace(",", ".")
    value = float(plain) if plain else None
    if value is not None and not math.isfinite(value):
        raise ValueError(text)
    return value


class ValueList(QListWidget):
    """Every word of a column with a tick; all are ticked where nothing is filtered."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setAccessibleName("Values to be shown")

    def show_column(self, rows: Sequence[RunRow], by: Words, had: Filter | None) -> None:
        self.clear()
        kept = had.values if isinstance(had, OneOf) else None
        for word, runs in values_of(rows, by):
            item = QListWidgetItem(f"{word}  ({runs:,})", self)
            item.setData(WORD, word)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if kept is None or word in kept else Qt.CheckState.Unchecked)
        self.setCurrentRow(0)

    def tick_all(self, on: bool) -> None:
        for place in range(self.count()):
            self.item(place).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def problem(self) -> str:
        return "" if self._ticked() or not self.count() else "No value is ticked. Tick at least one."

    def _ticked(self) -> list[str]:
        items = [self.item(place) for place in range(self.count())]
        return [item.data(WORD) for item in items if item.checkState() == Qt.CheckState.Checked]

    def filter(self) -> Filter | None:
        ticked = self._ticked()
        return OneOf(frozenset(ticked)) if 0 < len(ticked) < self.count() else None


class FilterDialog(QDialog):
    """`filters` is what is chosen, for several columns one after the other."""

    def __init__(
        self, rows: Sequence[RunRow], filters: Mapping[str, Filter], key: str = "method", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Filter a column")
        self.filters: dict[str, Filter] = dict(filters)
        self._rows = rows
        self.column = Choice([(one.key, one.called) for one in COLUMNS if one.filtered])
        self.column.setAccessibleName("Column")
        self.bounds, self.values, self.problem = BoundFields(), ValueList(), Problem()
        self.kinds = one_of(self.bounds, self.values)
        self._lay_out()
        self._key = ""
        self.column.set_key(key if filtered(key) else "method")
        self._show_column()
        self.column.currentIndexChanged.connect(lambda _: self._show_column())
        for field in (self.bounds.low, self.bounds.high):
            field.textEdited.connect(lambda _: self._check())
        self.values.itemChanged.connect(lambda _: self._check())

    def _lay_out(self) -> None:
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        every = self.buttons.addButton("Tick all", QDialogButtonBox.ButtonRole.ActionRole)
        none = self.buttons.addButton("Tick none", QDialogButtonBox.ButtonRole.ActionRole)
        every.clicked.connect(lambda: self.values.tick_all(True))
        none.clicked.connect(lambda: self.values.tick_all(False))
        self._for_values = (every, none)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        in_column(self.column, self.kinds, self.problem, self.buttons, owner=self, gap=8, edges=None)
        fit(self, 440, 380)

    def _show_column(self) -> None:
        """Keep what was chosen for the column before, and show another."""
        if self._key and not self._check():
            self.column.set_key(self._key)
            return
        self._keep()
        self._key = str(self.column.key())
        by, had = filtered(self._key), self.filters.get(self._key)
        if isinstance(by, Quantity):
            self.bounds.show_column(self._rows, by, had)
        elif by:
            self.values.show_column(self._rows, by, had)
        self.kinds.setCurrentWidget(self._part())
        for one in self._for_values:
            one.setVisible(not isinstance(by, Quantity))
        self._check()

    def _part(self) -> BoundFields | ValueList:
        return self.bounds if isinstance(filtered(self._key), Quantity) else self.values

    def _check(self) -> bool:
        said = self._part().problem()
        self.problem.say(said)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not said)
        return not said

    def _keep(self) -> None:
        if not self._key:
            return
        wanted = self._part().filter()
        if wanted is None:
            self.filters.pop(self._key, None)
        else:
            self.filters[self._key] = wanted

    def accept(self) -> None:
        if self._check():
            self._keep()
            super().accept()
