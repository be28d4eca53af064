"""The run table as it is seen: columns that hide and remember, stars that click, whole texts as tooltips."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSettings,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QContextMenuEvent, QFontMetrics, QHelpEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from storage.store import RunRow
from ui import theme
from ui.comparison.run_columns import COLUMNS, PLACES
from ui.comparison.run_model import NAME, NOTE, STAR, TAGS, RunModel
from ui.listing import chips
from ui.widgets.table_text import copy_table
from ui.widgets.text import show_tip

KEY = f"compare/columns {len(COLUMNS)}"  # a version with other columns starts from its own layout
Index = QModelIndex | QPersistentModelIndex


class WholeText(QStyledItemDelegate):
    """Cells with room to breathe; one that is too narrow shows its whole text as tooltip, above what it says anyway."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return super().sizeHint(option, index) + QSize(8, 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        tags = str(index.data() or "").split() if index.column() == TAGS else []
        if not tags or tags == ["…"]:
            super().paint(painter, option, index)
            return
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        shown.text = ""
        QApplication.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, shown, painter, shown.widget)
        high = QFontMetrics(theme.font("small")).height() + 2
        box = QRectF(option.rect.adjusted(4, (option.rect.height() - high) // 2, -4, 0))
        box.setHeight(high)
        chips.paint_tags(painter, box, tags)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if event.type() != QEvent.Type.ToolTip or not index.isValid():
            return super().helpEvent(event, view, option, index)
        cut = self.sizeHint(option, index).width() > option.rect.width()
        parts = [index.data()] if cut else []
        tip = index.data(Qt.ItemDataRole.ToolTipRole)
        show_tip(event.globalPos(), "\n".join(part for part in [*parts, tip] if part), view)
        return True


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
        self._settings = settings
        self.runs = RunModel(self)
        self.setModel(self.runs)
        self.setItemDelegate(WholeText(self))
        self.setAccessibleName("Saved experiments")
        self._set_up()
        self._restore()
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
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.column_menu().popup(header.mapToGlobal(at)))
        header.sectionResized.connect(lambda *_: self._remember())
        header.sectionMoved.connect(lambda *_: self._remember())
        header.sortIndicatorChanged.connect(lambda *_: self._remember())

    # Columns

    def _restore(self) -> None:
        """As the person left it, else widths that fit the usual texts."""
        header, state = self.header(), self._settings.value(KEY)
        blocked = header.blockSignals(True)
        if not (isinstance(state, QByteArray) and header.restoreState(state)):
            self._lay_out()
        header.setSortIndicatorShown(True)
        header.blockSignals(blocked)
        self.runs.sort(header.sortIndicatorSection(), header.sortIndicatorOrder())

    def _lay_out(self) -> None:
        letter = self.fontMetrics().averageCharWidth()
        for place, column in enumerate(COLUMNS):
            heading = self.fontMetrics().horizontalAdvance(column.title) + 32
            width = max(column.width * letter + 16, heading) if column.key != "star" else 40
            self.setColumnWidth(place, round(width))
            self.setColumnHidden(place, not column.shown)
        self.header().setSortIndicator(PLACES["date"], Qt.SortOrder.DescendingOrder)

    def _remember(self) -> None:
        self._settings.setValue(KEY, self.header().saveState())

    def column_menu(self) -> QMenu:
        """Tick the columns to be seen; the name always is."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for place, column in enumerate(COLUMNS):
            action = QAction("Star" if column.key == "star" else column.title, menu)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(place))
            action.setEnabled(place != NAME)
            action.toggled.connect(lambda on, place=place: self.show_column(place, on))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction("All as at first", self.reset_columns)
        return menu

    def show_column(self, place: int, on: bool) -> None:
        self.setColumnHidden(place, not on)
        self._remember()

    def reset_columns(self) -> None:
        for place in range(len(COLUMNS)):
            self.header().moveSection(self.header().visualIndex(place), place)
        self._lay_out()
        self._remember()

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
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)
            self.edit(index)
        elif index.isValid():
            self.expand(index.siblingAtColumn(0))
            self.setCurrentIndex(self.runs.index(0, column, index.siblingAtColumn(0)))

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
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() == Qt.Key.Key_Space and plain:
            self.toggle_ticks()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain:
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        at = self.visualRect(self.currentIndex()).bottomLeft() + QPoint(24, 0) if by_key else event.pos()
        self.menu_wanted.emit(self.viewport().mapToGlobal(at))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.viewport().update()
