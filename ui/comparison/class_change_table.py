"""Which classes one side finds more of than the base, on the same test images; the largest change first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.class_change import ClassChange
from engine.comparison.wording import count, number, thousands
from ui.figures.plain_table import FigureTable, TableCell

TITLE = "Which classes change"
TIP = (
    "Found: the share of the class, the mean over seeds. Better, worse: examples that more, or fewer, seeds get right. "
    "Bold: more than the luck of these examples (sign test, Holm's correction for all classes). Other seeds may differ."
)
WIDEST = 200  # pixels of a column


class ClassChangeTable(FigureTable):
    """chosen(place): the row of this class was clicked or entered."""

    chosen = Signal(int)
    most_rows, sorted_by_click = 12, True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.changes: tuple[ClassChange, ...] = ()
        self._sides = ("", "")
        self.horizontalHeader().setToolTip(TIP)
        for signal in (self.clicked, self.activated):
            signal.connect(self._choose)

    def show_changes(self, base: str, other: str, changes: Sequence[ClassChange]) -> None:
        """base, other: titles of the sides."""
        self._sides = (base, other)
        self.changes = tuple(sorted(changes, key=lambda one: (one.p >= 1, -abs(one.change))))
        heads = ("Class", "Tested", f"{base}\nfinds, %", f"{other}\nfinds, %", "Change,\npoints", "Better", "Worse")
        self.show_cells(heads, [self._cells(one) for one in self.changes])
        self.fit_columns(WIDEST)
        self.setMaximumWidth(self.content_width() + 16)  # no field beside the last column

    def _cells(self, one: ClassChange) -> list[TableCell]:
        tip = (
            f"{count(one.better, 'examples')} better, {thousands(one.worse)} worse: p = {number(one.p, 3)} after "
            f"Holm's correction for {count(len(self.changes), 'classes')}"
        )
        change = f"{'+' if one.change > 0 else ''}{number(100 * one.change)}"
        return [
            TableCell(one.name, key=one.name.casefold(), bold=one.sure),
            TableCell(thousands(one.n), key=one.n, right=True),
            *(TableCell(number(100 * share), key=share, right=True) for share in (one.before, one.after)),
            TableCell(change, tip, key=one.change, bold=one.sure, right=True),
            *(TableCell(thousands(images), tip, key=images, right=True) for images in (one.better, one.worse)),
        ]

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.changes[self.source_row(index)].place)

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        base, other = self._sides
        heads = ["class", "tested", f"found by {base}", f"found by {other}", "better", "worse", "p, Holm"]
        rows = ((one.name, one.n, one.before, one.after, one.better, one.worse, one.p) for one in self.changes)
        return heads, list(rows)
