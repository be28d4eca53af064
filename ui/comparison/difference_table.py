"""The settings that differ, one line each, against the base: what differs from it is bold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, QSizeF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from engine.comparison.differences import shown
from ui import theme
from ui.comparison.sides import Comparison
from ui.figures.painted import HEADING, draw_elided, line_height, paint_title
from ui.figures.plain_table import FigureTable, HeadedModel, said

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
TITLE = "Settings that differ"
MOST_WIDTH = 240  # of a column
MOST_ROWS = 14  # before the table scrolls


def ordered(comparison: Comparison) -> list[int]:
    """Places of the sides, the base first."""
    base = comparison.sides.index(comparison.base)
    return [base, *(place for place in range(len(comparison.sides)) if place != base)]


def table_of(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: the setting, then one value per side, the base first."""
    order = ordered(comparison)
    heads = ["Setting", *(comparison.sides[place].title for place in order)]
    heads[1] += " (base)"
    return heads, [[row.label, *(shown(row.values[place]) for place in order)] for row in comparison.differences]


class DifferenceModel(HeadedModel):
    """heads and rows as `table_of` gives them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def show(self, heads: list[str], rows: list[list[str]]) -> None:
        self.beginResetModel()
        self.heads, self.rows = heads, rows
        self.endResetModel()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return said(row[column], role)
        if role == Qt.ItemDataRole.FontRole:
            return theme.font(bold=column > 1 and row[column] != row[1], tabular=True)
        if role == Qt.ItemDataRole.ForegroundRole and column == 0:
            return theme.colour("muted")
        return None


class DifferenceTable(FigureTable):
    """As high as its rows up to a limit; Ctrl+C copies all of it."""

    most_rows = MOST_ROWS

    def __init__(self, parent: QWidget | None = None) -> None:
        self._model = DifferenceModel()
        super().__init__(self._model, TITLE, parent)
        self.horizontalHeader().setStretchLastSection(True)

    def show_comparison(self, comparison: Comparison) -> None:
        self._model.show(*table_of(comparison))
        self.verticalHeader().setDefaultSectionSize(round(line_height()) + 8)
        self.resizeColumnsToContents()
        for column in range(len(self._model.heads)):
            self.setColumnWidth(column, min(self.columnWidth(column) + 16, MOST_WIDTH))
        self.updateGeometry()

    def content_width(self) -> int:
        """With the last column at what it needs, not at what it is stretched to."""
        last = self._model.columnCount() - 1
        widths = [self.columnWidth(column) for column in range(last)]
        return sum(widths) + (min(self.sizeHintForColumn(last) + 8, MOST_WIDTH) if last >= 0 else 0)

    # As a figure to save (see figure_export.Figure)

    def figure_title(self) -> str:
        return TITLE

    def figure_size(self) -> QSize:
        heads, rows = self._model.heads, self._model.rows
        return QSize(max(480, 170 * len(heads)), round(HEADING + table_height(len(rows))))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        return self._model.heads, self._model.rows

    def paint_figure(self, painter: QPainter, size: QSizeF) -> None:
        paint_title(painter, TITLE)
        painter.translate(0, HEADING)
        paint_table(painter, size.width(), self._model.heads, self._model.rows)


def table_height(rows: int) -> float:
    """Pixels of a painted table with its heading line."""
    return (rows + 1) * (line_height() + 8) + 4


def paint_table(
    painter: QPainter, width: float, heads: Sequence[str], rows: Sequence[Sequence[str]],
    strong: set[tuple[int, int]] | None = None,
) -> None:  # fmt: skip
    """Columns of equal width, from the painter's origin. strong: (row from 1, column) of what is bold; when it is not
    given, that is what differs from the base (second column)."""
    column, line = width / max(1, len(heads)), line_height() + 8
    for number, row in enumerate([heads, *rows]):
        baseline = number * line + line - 8
        for place, text in enumerate(row):
            differs = place > 1 and text != row[1]
            bold = number == 0 or (differs if strong is None else (number, place) in strong)
            painter.setFont(theme.font(bold=bold, tabular=True))
            painter.setPen(theme.colour("muted" if place == 0 and number else "text"))
            draw_elided(painter, place * column, baseline, column - 12, text)
        painter.setPen(theme.colour("border" if number == 0 else "grid"))
        y = (number + 1) * line
        painter.drawLine(0, round(y), round(width), round(y))
