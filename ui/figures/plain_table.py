"""A table that lies on the page like text: no frame, no grid, as high as its rows. And the same painted as a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    QSizeF,
    QSortFilterProxyModel,
    Qt,
)  # fmt: skip
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionHeader,
    QStyleOptionViewItem,
    QWidget,
)

from ui import theme
from ui.figures.figure_export import FigureActions
from ui.figures.painted import HEADING, draw_elided, line_height, paint_title
from ui.widgets.frame import SlimScrollBar
from ui.widgets.quiet import QuietTable
from ui.widgets.table_text import copy_table
from ui.widgets.text import plain

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
SORT = Qt.ItemDataRole.UserRole
APART = "\u00a0\u00a0"  # after words at the right of a column, so that they do not touch those of the next
FIGURE_COLUMN = 160  # pixels of a column of a saved table
SIDES = (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
         Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableCell:
    """tip: said when pointed at, the words where there is none. key: what it is sorted by. right: aligned so. muted: in
    a quiet colour. spoken: for a screen reader, in place of the words."""

    words: str
    tip: str = ""
    key: Any = None
    bold: bool = False
    right: bool = False
    muted: bool = False
    spoken: str | None = None


class CellModel(QAbstractTableModel):
    """Headings over rows of cells; a heading stands over the side that its cells are aligned to."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: Sequence[str] = ()
        self.rows: Sequence[Sequence[TableCell]] = ()

    def show(self, heads: Sequence[str], rows: Sequence[Sequence[TableCell]]) -> None:
        self.beginResetModel()
        self.heads, self.rows = heads, rows
        self.endResetModel()

    def texts(self) -> list[list[str]]:
        return [[cell.words for cell in row] for row in self.rows]

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self.heads):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return SIDES[bool(self.rows) and self.rows[0][section].right]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain(self.heads[section])
        return self.heads[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = self.rows[index.row()][index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.words
            case Qt.ItemDataRole.ToolTipRole:
                return plain(cell.tip or cell.words)
            case Qt.ItemDataRole.FontRole:
                return theme.font(bold=cell.bold, tabular=True)
            case Qt.ItemDataRole.TextAlignmentRole:
                return SIDES[cell.right]
            case Qt.ItemDataRole.ForegroundRole:
                return theme.colour("muted") if cell.muted else None
            case Qt.ItemDataRole.AccessibleTextRole:
                return cell.spoken
        return cell.key if role == SORT else None


class _Cells(QStyledItemDelegate):
    """Keeps numbers apart from the words of the next column."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if option.displayAlignment & Qt.AlignmentFlag.AlignRight:
            option.text += APART


class ElidedHeader(QHeaderView):
    """Cuts what does not fit above a column, line by line; the whole stands in the tooltip."""

    def initStyleOptionForIndex(self, option: QStyleOptionHeader, section: int) -> None:
        super().initStyleOptionForIndex(option, section)
        margin = self.style().pixelMetric(QStyle.PixelMetric.PM_HeaderMargin, option, self)
        apart, metrics = APART * bool(option.textAlignment & Qt.AlignmentFlag.AlignRight), self.fontMetrics()
        room = self.sectionSize(section) - 2 * margin - metrics.horizontalAdvance(apart)
        option.text = "\n".join(
            metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, room) + apart for line in option.text.split("\n")
        )


class PlainTable(QuietTable):
    """most_rows: it scrolls beyond so many. sorted_by_click: a click on a heading sorts."""

    most_rows = 1000
    sorted_by_click = False

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = CellModel()
        self.setHorizontalHeader(ElidedHeader(Qt.Orientation.Horizontal, self))
        self.horizontalHeader().setSectionsClickable(True)
        self.setModel(self._ordered() if self.sorted_by_click else self.cells)
        self.setItemDelegate(_Cells(self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBar(SlimScrollBar())
        self.setHorizontalScrollBar(SlimScrollBar(Qt.Orientation.Horizontal))
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setHighlightSections(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _ordered(self) -> QSortFilterProxyModel:
        order = QSortFilterProxyModel(self)
        order.setSourceModel(self.cells)
        order.setSortRole(SORT)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicatorClearable(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        return order

    def source_row(self, index: Index) -> int:
        """Which of the rows that were shown stands there now."""
        order = self.model()
        return (order.mapToSource(index) if isinstance(order, QSortFilterProxyModel) else index).row()

    def show_cells(self, heads: Sequence[str], rows: Sequence[Sequence[TableCell]]) -> None:
        self.cells.show(heads, rows)
        self.verticalHeader().setDefaultSectionSize(round(line_height()) + 8)
        self.updateGeometry()

    def fit_columns(self, most: int, room: int = 16) -> None:
        """Each as wide as its words with some room, at most so many pixels."""
        self.resizeColumnsToContents()
        for column in range(len(self.cells.heads)):
            self.setColumnWidth(column, min(self.columnWidth(column) + room, most))

    def content_width(self) -> int:
        """Pixels that all columns take."""
        return self.horizontalHeader().length()

    def sizeHint(self) -> QSize:
        rows = min(max(1, self.model().rowCount()), self.most_rows)
        line, head = self.verticalHeader().defaultSectionSize(), self.horizontalHeader().sizeHint().height()
        bar = self.horizontalScrollBar().sizeHint().height() if self.content_width() > self.width() else 0
        return QSize(320, head + rows * line + bar + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def copy(self) -> None:
        """The selected rows, or all, as they are ordered."""
        model = self.model()
        rows = sorted({index.row() for index in self.selectedIndexes()}) or range(model.rowCount())
        columns = range(model.columnCount())
        copy_table([self.cells.heads, *([model.index(row, column).data() for column in columns] for row in rows)])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)


class FigureTable(PlainTable):
    """One that can be copied whole and saved like a figure."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.title = title
        self.menu = QMenu(self)
        self._exports = FigureActions(self, self)
        self.menu.addActions(self._exports.actions)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.menu.popup(self.viewport().mapToGlobal(at)))

    def copy(self) -> None:
        self._exports.copy_numbers()

    def figure_title(self) -> str:
        return self.title

    def figure_size(self) -> QSize:
        width = FIGURE_COLUMN * len(self.cells.heads)
        return QSize(max(480, width), round(HEADING + table_height(len(self.cells.rows))))

    def figure_table(self) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        return self.cells.heads, self.cells.texts()

    def paint_figure(self, painter: QPainter, size: QSizeF) -> None:
        paint_title(painter, self.title)
        painter.translate(0, HEADING)
        paint_table(painter, size.width(), self.cells.heads, self.cells.rows)


def table_height(rows: int) -> float:
    """Pixels of a painted table with its heading line."""
    return (rows + 1) * (line_height() + 8) + 4


def paint_table(painter: QPainter, width: float, heads: Sequence[str], rows: Sequence[Sequence[TableCell]]) -> None:
    """Columns of equal width, from the painter's origin."""
    column, line = width / max(1, len(heads)), line_height() + 8
    for number, row in enumerate([[TableCell(head, bold=True) for head in heads], *rows]):
        baseline = number * line + line - 8
        for place, cell in enumerate(row):
            painter.setFont(theme.font(bold=cell.bold, tabular=True))
            painter.setPen(theme.colour("muted" if place == 0 and number else "text"))
            draw_elided(painter, place * column, baseline, column - 12, cell.words)
        painter.setPen(theme.colour("border" if number == 0 else "grid"))
        y = (number + 1) * line
        painter.drawLine(0, round(y), round(width), round(y))
