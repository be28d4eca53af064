"""The run table as it is seen: columns that hide and remember, stars that click, whole texts as tooltips."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSettings,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemDelegate, QAbstractItemView, QFrame, QTreeView, QWidget

from storage.rows import RunRow
from ui import theme
from ui.comparison.run_cells import WholeText, row_height
from ui.comparison.run_columns import COLUMNS
from ui.comparison.run_layout import RunLayout
from ui.comparison.run_model import NAME, NOTE, STAR, RunModel
from ui.widgets.table_text import copy_table

Index = QModelIndex | QPersistentModelIndex
LEAST_LINES = 4  # in sight, however much room what is below asks for


class RunTable(QTreeView):
    """chosen_changed: other runs are ticked or selected. star_clicked: list of RunRow. opened: a RunRow to be shown.

    menu_wanted: where on the screen the menu of actions should open.
    """

    chosen_changed = Signal()
    star_clicked = Signal(object)
    opened = Signal(object)
    menu_wanted = Signal(object)

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sideways: int | None = None  # where it was scrolled to before a cell was typed into
        self.runs = RunModel(self)
        self.setModel(self.runs)
        self.setItemDelegate(WholeText(self))
        self.setAccessibleName("Saved experiments")
        self._set_up()
        self.columns = RunLayout(self, settings)
        self.runs.chosen_changed.connect(self.chosen_changed)
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())
        self.clicked.connect(self._click)
        self.doubleClicked.connect(self._double_click)

    def _set_up(self) -> None:
        self.setFont(theme.font(tabular=True))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)
        self.setAlternatingRowColors(True)
        self.setAllColumnsShowFocus(True)
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTreePosition(NAME)
        self.setTabKeyNavigation(False)
        self.setSortingEnabled(True)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = self.header()
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(False)
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setFixedHeight(header.fontMetrics().height() + 12)
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setMinimumHeight(header.height() + LEAST_LINES * row_height() + bar)

    # Which runs are meant

    def selected_runs(self) -> list[RunRow]:
        """The runs of the selected lines, top down, each once."""
        lines = sorted(self.selectionModel().selectedRows(), key=lambda index: self.visualRect(index).top())
        nodes = [node for index in lines if (node := self.runs.node(index))]
        return list({run.id: run for node in nodes for run in node.runs}.values())

    def chosen_runs(self) -> list[RunRow]:
        """What is put side by side: the ticked runs, and the selected ones while fewer than two are ticked."""
        ticked = [row for row in self.runs.rows() if row.id in self.runs.chosen]
        if len(ticked) >= 2:
            return ticked
        return list({row.id: row for row in [*ticked, *self.selected_runs()]}.values())

    def acted_on(self) -> list[RunRow]:
        """What an action is about: the selected runs, else the ticked ones."""
        return self.selected_runs() or self.chosen_runs()

    def tick(self, run_ids: Iterable[int]) -> None:
        """Tick exactly these and show the first."""
        ids = list(run_ids)
        self.runs.choose(ids)
        shown = [index for run_id in ids if (index := self.runs.index_of(run_id)).isValid()]
        if shown:
            self.scrollTo(shown[0])

    def show_cell(self, run_id: int, column: int) -> None:
        """Go to one cell of a run that is listed."""
        line = self.runs.index_of(run_id)
        if not line.isValid():
            return
        self.columns.show_column(column, True)
        self.expand(line.parent())
        cell = line.siblingAtColumn(column)
        self.setCurrentIndex(cell)
        self.scrollTo(cell)
        self.setFocus()

    def toggle_ticks(self) -> None:
        """Tick the selected runs, or untick them when all of them are ticked."""
        ids = {run.id for run in self.selected_runs()}
        chosen = self.runs.chosen
        self.runs.choose(chosen - ids if ids <= chosen else chosen | ids)

    def clear_choice(self) -> None:
        self.runs.choose(())
        self.clearSelection()

    def edit_cell(self, column: int) -> None:
        """Type into the current run's name or note."""
        index = self.currentIndex().siblingAtColumn(column)
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.setColumnHidden(column, False)
            self._sideways = self.horizontalScrollBar().value()
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)
            self.edit(index)
        elif index.isValid():
            self.expand(index.siblingAtColumn(0))
            self.setCurrentIndex(self.runs.index(0, column, index.siblingAtColumn(0)))

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        super().closeEditor(editor, hint)
        if self._sideways is not None:
            self.horizontalScrollBar().setValue(self._sideways)
            self._sideways = None

    def copy_lines(self) -> None:
        """Put the selected lines on the clipboard with the visible columns and their headings."""
        places = [place for place in range(len(COLUMNS)) if not self.isColumnHidden(place) and place != STAR]
        places.sort(key=self.header().visualIndex)
        lines = sorted(self.selectionModel().selectedRows(), key=lambda index: self.visualRect(index).top())
        rows = [[COLUMNS[place].title for place in places]]
        rows += [[str(index.siblingAtColumn(place).data() or "") for place in places] for index in lines]
        copy_table(rows)

    def set_grouped(self, grouped: bool) -> None:
        self.setRootIsDecorated(grouped)
        self.runs.set_grouped(grouped)

    # Mouse and keyboard

    def _click(self, index: QModelIndex) -> None:
        node = self.runs.node(index)
        if node and index.column() == STAR:
            self.star_clicked.emit(list(node.runs))

    def _double_click(self, index: QModelIndex) -> None:
        node = self.runs.node(index)
        if node and index.column() == NOTE and not node.is_group:
            self.edit_cell(NOTE)
        elif node and index.column() != STAR:
            self._open(index)

    def _open(self, index: QModelIndex) -> None:
        """Enter or double click: open a configuration, or show a run."""
        node = self.runs.node(index)
        if node and node.is_group:
            line = index.siblingAtColumn(0)
            self.setExpanded(line, not self.isExpanded(line))
        elif node:
            self.opened.emit(node.runs[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        typing = self.state() == QAbstractItemView.State.EditingState  # the line that is typed into hands Enter on
        plain = not typing and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() == Qt.Key.Key_Space and plain:
            self.toggle_ticks()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A line that was ticked is the current one too, which Qt makes of a clicked line only."""
        super().mouseReleaseEvent(event)
        line = self.indexAt(event.position().toPoint())
        if line.isValid():
            self.selectionModel().setCurrentIndex(line, QItemSelectionModel.SelectionFlag.NoUpdate)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The line that was clicked stays in sight when the comparison takes the lower half."""
        line, sideways = self.currentIndex(), self.horizontalScrollBar().value()
        seen = line.isValid() and 0 <= self.visualRect(line).top() < event.oldSize().height()
        super().resizeEvent(event)
        if seen:
            self.scrollTo(line)
            self.horizontalScrollBar().setValue(sideways)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        at = self.visualRect(self.currentIndex()).bottomLeft() + QPoint(24, 0) if by_key else event.pos()
        self.menu_wanted.emit(self.viewport().mapToGlobal(at))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
