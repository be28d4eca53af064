"""The table of a study: arm by column, mean with its interval, the sure best in bold."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import MARK, with_interval
from ui.figures.plain_table import FigureTable, TableCell
from ui.studies.view import View, tip

MOST_WIDTH, WIDE = 260, 4  # pixels of a column; columns after which they become the rows


def table_of(view: View) -> tuple[list[str], list[list[TableCell]]]:
    """Headings and rows, their titles first; arms are the rows unless there are more columns than arms."""
    arms = [arm.title for arm in view.table.study.arms]
    columns = [column.title for column in view.table.columns]
    if len(columns) <= max(WIDE, len(arms)):
        return ["", *columns], [
            [TableCell(title), *(cell(view, arm, place) for place in range(len(columns)))]
            for arm, title in enumerate(arms)
        ]
    return ["", *arms], [
        [TableCell(title), *(cell(view, arm, place) for arm in range(len(arms)))] for place, title in enumerate(columns)
    ]


def cell(view: View, arm: int, column: int) -> TableCell:
    entry = view.table.entries[arm][column]
    shown, whose = view.shown(entry), f"{view.table.study.arms[arm].title}, {view.table.columns[column].title}"
    if shown is None:
        why = "Its runs were not tested on this" if entry.unasked else "No result yet"
        return TableCell("–", why, right=True, spoken=f"{whose}: –")
    words = f"{with_interval(shown, view.metric)}{f' {MARK}' if entry.caveats else ''}"
    said = "\n".join([tip(view, arm, view.table.columns[column], entry), *entry.caveats])
    best = ", surely the best" if entry.best else ""
    return TableCell(words, said, bold=entry.best, right=True, spoken=f"{whose}: {words}{best}")


class ResultTable(FigureTable):
    """As high as its rows; Ctrl+C copies all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Table of the study", parent)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shape: object = None

    def show_view(self, view: View) -> None:
        self.show_cells(*table_of(view))
        shape = (self.cells.heads, [[len(text) for text in row] for row in self.cells.texts()])
        if shape != self._shape:
            self._shape = shape
            self.fit_columns(MOST_WIDTH, 20)
            self.setMaximumWidth(self.content_width() + 2)
        self.updateGeometry()
