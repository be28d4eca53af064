"""Which columns the run table shows, how wide, in what order and sorted by which; remembered, and part of a view."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QByteArray, QObject, QPoint, QSettings, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QTreeView

from ui.comparison.run_columns import COLUMNS, PLACES

KEY = f"compare/columns {len(COLUMNS)}"  # a version with other columns starts from its own layout


class RunLayout(QObject):
    """filter_wanted: the key of a column whose values shall be chosen."""

    filter_wanted = Signal(str)

    def __init__(self, table: QTreeView, settings: QSettings) -> None:
        super().__init__(table)
        self._table, self._settings, self._header = table, settings, table.header()
        self._restore()
        header = self._header
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._show_menu)
        for signal in (header.sectionResized, header.sectionMoved, header.sortIndicatorChanged):
            signal.connect(lambda *_: self._remember())

    def _restore(self) -> None:
        """As the person left it, else widths that fit the usual texts."""
        header, state = self._header, self._settings.value(KEY)
        with QSignalBlocker(header):
            if not (isinstance(state, QByteArray) and header.restoreState(state)):
                self._lay_out()
            header.setSortIndicatorShown(True)
        self._table.model().sort(header.sortIndicatorSection(), header.sortIndicatorOrder())

    def _lay_out(self) -> None:
        metrics = self._table.fontMetrics()
        for place, column in enumerate(COLUMNS):
            heading = metrics.horizontalAdvance(column.title) + 32
            width = max(column.width * metrics.averageCharWidth() + 16, heading) if column.key != "star" else 40
            self._table.setColumnWidth(place, round(width))
            self._table.setColumnHidden(place, not column.shown)
        self._header.setSortIndicator(PLACES["date"], Qt.SortOrder.DescendingOrder)

    def _remember(self) -> None:
        self._settings.setValue(KEY, self._header.saveState())

    def menu(self) -> QMenu:
        """Tick the columns to be seen; the name always is."""
        menu = QMenu(self._table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for place, column in enumerate(COLUMNS):
            action = QAction(column.called, menu, checkable=True)
            action.setChecked(not self._table.isColumnHidden(place))
            action.setEnabled(column.key != "name")
            action.toggled.connect(lambda on, place=place: self.show_column(place, on))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction("All as at first", self.reset)
        return menu

    def _show_menu(self, at: QPoint) -> None:
        """The menu of columns, with the filter of the one that was clicked."""
        menu, place = self.menu(), self._header.logicalIndexAt(at)
        if place >= 0 and (column := COLUMNS[place]).filtered:
            wanted, first = QAction(f"Filter “{column.called}”…", menu), menu.actions()[0]
            wanted.triggered.connect(lambda: self.filter_wanted.emit(column.key))
            menu.insertAction(first, wanted)
            menu.insertSeparator(first)
        menu.popup(self._header.mapToGlobal(at))

    def show_column(self, place: int, on: bool) -> None:
        self._table.setColumnHidden(place, not on)
        self._remember()

    def reset(self) -> None:
        """All columns as at first."""
        self._arrange([])
        self._lay_out()
        self._remember()

    # Saved views

    def spec(self) -> dict[str, Any]:
        """Which columns are shown, in their order, and what sorts them."""
        shown = [place for place in range(len(COLUMNS)) if not self._table.isColumnHidden(place)]
        shown.sort(key=self._header.visualIndex)
        descending = self._header.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        sorted_by = COLUMNS[self._header.sortIndicatorSection()].key
        return {"columns": [COLUMNS[place].key for place in shown], "sort": [sorted_by, descending]}

    def apply(self, spec: dict[str, Any]) -> None:
        """Show a view's columns and sorting; what it does not say, or says of unknown columns, is as at first."""
        columns = spec.get("columns")
        self._arrange([key for key in columns if known(key)] if isinstance(columns, list) else [])
        sort = spec.get("sort")
        key, descending = sort if isinstance(sort, list) and len(sort) == 2 and known(sort[0]) else ("date", True)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self._header.setSortIndicator(PLACES[key], order)
        self._remember()

    def _arrange(self, keys: list[str]) -> None:
        """Show these columns in this order, or with none the usual ones."""
        for visual, key in enumerate(dict.fromkeys(["star", *keys, *PLACES])):
            self._header.moveSection(self._header.visualIndex(PLACES[key]), visual)
            shown = key in keys if keys else COLUMNS[PLACES[key]].shown
            self._table.setColumnHidden(PLACES[key], not shown and key != "name")


def known(key: object) -> bool:
    return isinstance(key, str) and key in PLACES
