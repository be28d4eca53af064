"""The settings that differ, one line each, against the base: what differs from it is bold."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.comparison.differences import shown
from ui.comparison.sides import Comparison
from ui.figures.plain_table import FigureTable, TableCell

TITLE = "Settings that differ"
MOST_WIDTH = 240  # of a column


def ordered(comparison: Comparison) -> list[int]:
    """Places of the sides, the base first."""
    base = comparison.sides.index(comparison.base)
    return [base, *(place for place in range(len(comparison.sides)) if place != base)]


def table_of(comparison: Comparison) -> tuple[list[str], list[list[TableCell]]]:
    """Headings and rows: the setting, then one value per side, the base first."""
    order = ordered(comparison)
    heads = ["Setting", *(comparison.sides[place].title for place in order)]
    heads[1] += " (base)"
    rows = []
    for row in comparison.differences:
        base, *others = (shown(row.values[place]) for place in order)
        rows.append(
            [TableCell(row.label, muted=True), TableCell(base), *(TableCell(one, bold=one != base) for one in others)]
        )
    return heads, rows


class DifferenceTable(FigureTable):
    """As high as its rows up to a limit; Ctrl+C copies all of it."""

    most_rows = 14

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.horizontalHeader().setStretchLastSection(True)

    def show_comparison(self, comparison: Comparison) -> None:
        self.show_cells(*table_of(comparison))
        self.fit_columns(MOST_WIDTH)
        self.updateGeometry()

    def content_width(self) -> int:
        """With the last column at what it needs, not at what it is stretched to."""
        last = self.cells.columnCount() - 1
        widths = [self.columnWidth(column) for column in range(last)]
        return sum(widths) + (min(self.sizeHintForColumn(last) + 8, MOST_WIDTH) if last >= 0 else 0)
