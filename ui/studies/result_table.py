"""The table of a study: arm by column, mean with its interval, the sure best in bold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import MARK, with_interval
from ui import theme
from ui.comparison.difference_table import paint_table, table_height
from ui.figures.painted import HEADING, line_height, paint_title
from ui.figures.plain_table import FigureTable, said
from ui.studies.view import View, tip
from ui.widgets.text import plain

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
MOST_WIDTH, WIDE = 260, 4  # pixels of a column; columns after which they become the rows
Cell = tuple[str, str, bool]  # words, tooltip, bold


def cells_of(view: View) -> tuple[list[str], list[str], list[list[Cell]]]:
    """(headings of the columns, of the rows, cells); arms are the rows unless there are more columns than arms."""
    arms = [arm.title for arm in view.table.study.arms]
    columns = [column.title for column in view.table.columns]
    rows = [[cell(view, arm, place) for place in range(len(columns))] for arm in range(len(arms))]
    if len(columns) <= max(WIDE, len(arms)):
        return columns, arms, rows
    return arms, columns, [list(column) for column in zip(*rows, strict=True)]


def cell(view: View, arm: int, column: int) -> Cell:
    entry = view.table.entries[arm][column]
    shown = view.shown(entry)
    if shown is None:
        return "–", "No result yet", False
    words = with_interval(shown, view.metric)
    said = "\n".join([tip(view, arm, view.table.columns[column], entry), *entry.caveats])
    return f"{words} {MARK}" if entry.caveats else words, said, entry.best


class ResultModel(QAbstractTableModel):
    """What `cells_of` gives, with the rows' headings as the first column."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[str] = []
        self.titles: list[str] = []
        self.cells: list[list[Cell]] = []

    def show(self, view: View) -> None:
        self.beginResetModel()
        self.heads, self.titles, self.cells = cells_of(view)
        self.endResetModel()

    def texts(self) -> list[list[str]]:
        return [[title, *(words for words, _, _ in row)] for title, row in zip(self.titles, self.cells, strict=True)]

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.titles)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.heads) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section > len(self.heads):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == 0 else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        words = ["", *self.heads][section]
        return said(words, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        if column == 0:
            return said(self.titles[row], role)
        words, tooltip, bold = self.cells[row][column - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return words
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(tooltip)
        if role == Qt.ItemDataRole.FontRole:
            return theme.font(bold=bold, tabular=True)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            best = ", surely the best" if bold else ""
            return f"{self.titles[row]}, {self.heads[column - 1]}: {words}{best}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


class ResultTable(FigureTable):
    """As high as its rows; Ctrl+C copies all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.results = ResultModel()
        super().__init__(self.results, "Table of the study", parent)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shape: object = None

    def show_view(self, view: View) -> None:
        self.results.show(view)
        self.verticalHeader().setDefaultSectionSize(round(line_height()) + 8)
        shape = (self.results.heads, self.results.titles, [[len(c[0]) for c in row] for row in self.results.cells])
        if shape != self._shape:
            self._shape = shape
            self.resizeColumnsToContents()
            for column in range(len(self.results.heads) + 1):
                self.setColumnWidth(column, min(self.columnWidth(column) + 20, MOST_WIDTH))
            self.setMaximumWidth(self.content_width() + 2)
        self.updateGeometry()

    # As a figure to save (see figure_export.Figure)

    def figure_title(self) -> str:
        return "Table of the study"

    def figure_size(self) -> QSize:
        width = 150 * (len(self.results.heads) + 1)
        return QSize(max(480, width), round(HEADING + table_height(len(self.results.titles))))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        return ["", *self.results.heads], self.results.texts()

    def paint_figure(self, painter: QPainter, size: QSizeF) -> None:
        paint_title(painter, self.figure_title())
        painter.translate(0, HEADING)
        paint_table(painter, size.width(), ["", *self.results.heads], self.results.texts(), self._bold())

    def _bold(self) -> set[tuple[int, int]]:
        """(row, column) of the sure best, the heading counted as row 0."""
        rows = enumerate(self.results.cells, 1)
        return {(r, c) for r, row in rows for c, (_, _, bold) in enumerate(row, 1) if bold}
