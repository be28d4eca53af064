"""The chosen data set: header, and tabs of what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from ui.background import Background
from ui.data.copies_view import CopiesView
from ui.data.counts_view import Balance, Sizes
from ui.data.header import SetHeader
from ui.data.history_view import HistoryView
from ui.data.known_sets import KnownSet
from ui.data.left_out import LeftOut
from ui.data.sample_grid import SampleGrid
from ui.widgets.buttons import button
from ui.widgets.invitation import Invitation
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.tabbed import Tabbed
from ui.widgets.text import Elided

if TYPE_CHECKING:
    from engine.data.inventory import Inventory
    from engine.data.labelled_set import LabelledSet

LEAST, ROOM = QSize(340, 400), 200  # pixels: of all of it, and of what a tab shows in height
EDGES, GAP = (16, 12, 16, 8), 12


class SetDetail(QWidget):
    """opened(grid): the image chosen there is to be shown large. without(what): the set is to be tested without
    "copies" or "look-alikes"."""

    opened = Signal(object)
    without = Signal(str)

    def __init__(self, actions: dict[str, QAction], background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.data: LabelledSet | None = None
        self.header = SetHeader(actions)
        self.grid = SampleGrid(background)
        self.balance, self.sizes, self.left_out = Balance(), Sizes(), LeftOut()
        self.copies, self.history = CopiesView(background), HistoryView(background)
        self._chosen: KnownSet | None = None
        self.pointed = Elided("", "small", "muted")
        self.all = button("Show all", "", "All of the set again", self._show_all)
        self.nothing = Invitation("Nothing was left out", "All that was found is in the set.")
        self._out = one_of(self.left_out, self.nothing)
        self._build()
        self.grid.pointed.connect(self._name)
        for grid in (self.grid, self.copies.grid):
            grid.opened.connect(lambda _, grid=grid: self.opened.emit(grid))
            grid.thumbnails.failed.connect(self.header.problem.say)
        self.copies.wanted.connect(self.without)
        self.history.changed.connect(self.header.show_changed)
        self.balance.class_wanted.connect(self.show_class)

    def _build(self) -> None:
        samples = QWidget()
        in_column((self.grid, 1), in_row((self.pointed, 1), self.all, gap=8), owner=samples, gap=4)
        self.all.hide()
        self._tabbed = Tabbed(self)
        self.tabs, self.pages = self._tabbed.segments, self._tabbed.pages
        in_column(self.header, self._tabbed.row, (self.pages, 1), owner=self, gap=GAP, edges=EDGES)
        for title, page in (("Samples", samples), ("Balance", self.balance), ("Sizes", self.sizes),
                            ("Left out", self._out), ("Copies", self.copies),
                            ("History", self.history)):  # fmt: skip
            self.add_tab(title, page)

    def minimumSizeHint(self) -> QSize:
        """What is in it scrolls by itself; buttons and tabs take as many lines as they need at this width."""
        left, top, right, bottom = EDGES
        width = max(self.width(), LEAST.width()) - left - right
        lines = self.header.heightForWidth(width) + self._tabbed.row.heightForWidth(width) + 2 * GAP + top + bottom
        shown = self.pages.currentWidget()
        inside = shown.layout() if shown is not None else None
        room = max(ROOM, inside.totalMinimumHeightForWidth(width)) if inside is not None else ROOM
        return QSize(LEAST.width(), max(LEAST.height(), lines + room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def add_tab(self, title: str, page: QWidget) -> None:
        self._tabbed.add(title, page)

    def is_settled(self) -> bool:
        """Nothing that is looked at is still decoded or looked for."""
        grids = (self.grid, self.copies.grid)
        return not self.copies.is_looking and all(grid.thumbnails.is_settled() for grid in grids)

    def show_tab(self, title: str) -> None:
        self._tabbed.show(title)

    def expect(self, chosen: KnownSet) -> None:
        """Another set was chosen, of which nothing is read yet."""
        self.data, self._chosen = None, chosen
        self.copies.expect()
        self.history.expect()
        self.header.show_set(chosen)
        self.grid.clear()
        self.pointed.setText("")
        self.balance.bars.show_counts([])
        self.sizes.bars.show_counts([])
        self.sizes.words.setText("")
        self.balance.words.setText("")
        self.balance.alike.say()
        self._show_left_out(())

    def show_listed(self, data: LabelledSet) -> None:
        """What the names of its files tell."""
        self.header.show_listed(data)
        self._show_images(data)
        self._show_left_out(data.skipped)

    def show_read(self, data: LabelledSet, found: Inventory) -> None:
        """All of it."""
        self.header.show_read(data, found)
        self._show_images(data)
        self._show_left_out(data.skipped)
        self.balance.show_inventory(found)
        self.sizes.show_inventory(found)
        if self._chosen is not None:
            self.copies.set_data(data, self._chosen)

    def _show_images(self, data: LabelledSet) -> None:
        self.data = data
        self.all.hide()
        self.grid.show_set(data)
        self.balance.show_set(data)

    def _show_left_out(self, skipped: tuple[object, ...]) -> None:
        self.left_out.show_files(skipped)  # type: ignore[arg-type]
        self._out.setCurrentWidget(self.left_out if skipped else self.nothing)
        self._tabbed.count("Left out", len(skipped))
        self.left_out.setAccessibleDescription(count(len(skipped), "files"))

    def show_class(self, section: int) -> None:
        self.show_tab("Samples")
        self.grid.scroll_to_class(section)

    def show_some(self, images: np.ndarray) -> None:
        """In Samples, images int64 [n] alone, until all are asked for."""
        if self.data is not None:
            self.show_tab("Samples")
            self.grid.show_set(self.data, images, self.data.class_names, self.data.labels[images])
            self.all.show()
            self.pointed.setText(f"{count(len(images), self.data.what)} that were chosen on the map.")

    def _show_all(self) -> None:
        if self.data is not None:
            self._show_images(self.data)
            self.pointed.setText("")

    def _name(self, index: int) -> None:
        self.pointed.setText(self.data.image_name(index) if self.data is not None and index >= 0 else "")
