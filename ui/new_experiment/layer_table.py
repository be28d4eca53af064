"""The layer table of a method on a backbone, every cell to be changed, in a dialog of its own."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QSizePolicy, QWidget  # fmt: skip

from engine.comparison.wording import count
from engine.layers import HEAD
from ui.new_experiment.layer_cells import KINDS, BlockTile, LayerCell
from ui.new_experiment.layer_doubts import doubts, sentences
from ui.new_experiment.layer_timeline import LayerTimeline
from ui.new_experiment.layer_view import LayerView
from ui.widgets.buttons import button
from ui.widgets.column import caption
from ui.widgets.frame import SlimArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Text

RATE_PLACE = 2  # the effective rate stands right after the factor


class LayerTable(QWidget):
    """A row per block. edited(block, column, value), cleared(block, column), pressed(block): freeze or let learn."""

    edited = Signal(str, str, object)
    cleared = Signal(str, str)
    pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells: dict[tuple[str, str], LayerCell] = {}
        self.tiles: dict[str, BlockTile] = {}
        self.rates: dict[str, Text] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        self._add_heads()

    def _add_heads(self) -> None:
        heads = [("Block", "A click on a block freezes it or lets it learn."), *((k.title, k.help) for k in KINDS)]
        heads.insert(RATE_PLACE, ("Learning rate", "What the block learns at when the schedule is at its peak."))
        for place, (title, help) in enumerate(heads):
            head = Text(title, "small", "muted", bold=True, wrap=False)
            head.setToolTip(help)
            self._grid.addWidget(head, 0, place)
        self._grid.setColumnStretch(len(heads), 1)

    def show_view(self, view: LayerView) -> None:
        if set(self.tiles) != set(view.table):
            self._add_rows(view)
        found = doubts(view)
        for block, row in view.table.items():
            self.tiles[block].show_treatment(view.treatments[block], block in view.changed_blocks)
            self.rates[block].setText(view.rate_words(block))
            for kind in KINDS:
                fixed = fixed_because(view, block, kind.column)
                cell = self.cells[block, kind.column]
                cell.show_row(row, view.own[block], fixed, view.starts_random(block))
                cell.set_doubt(found.get((block, kind.column), ""))
        self.updateGeometry()

    def _add_rows(self, view: LayerView) -> None:
        for line, (block, title, parameters) in enumerate(view.shown_blocks(), 1):
            tile = BlockTile(block, title)
            tile.clicked.connect(lambda _=False, block=block: self.pressed.emit(block))
            self.tiles[block] = tile
            self._grid.addWidget(tile, line, 0)
            rate = Text("", wrap=False)
            rate.setMinimumWidth(120)
            if parameters:
                tile.setAccessibleName(f"{title}, {count(parameters, 'parameters')}")
            self.rates[block] = rate
            self._grid.addWidget(rate, line, RATE_PLACE)
            for place in range(len(KINDS)):
                cell = self._cell(block, title, place)
                self._grid.addWidget(cell, line, place + 1 + (place + 1 >= RATE_PLACE))

    def _cell(self, block: str, title: str, place: int) -> LayerCell:
        kind = KINDS[place]
        cell = LayerCell(kind, title)
        cell.edited.connect(lambda value: self.edited.emit(block, kind.column, value))
        cell.cleared.connect(lambda: self.cleared.emit(block, kind.column))
        self.cells[block, kind.column] = cell
        return cell


def fixed_because(view: LayerView, block: str, column: str) -> str:
    """Why a cell cannot be changed, or nothing."""
    if column == "fresh" and block == HEAD:
        return "A new head, or the one that came with the weights: the backbone's column says which."
    if column == "fresh" and view.starts_random(block):
        return f"{view.method.title} starts every block at random."
    if column not in ("rate", "fresh") and view.table[block].rate == 0:
        return "Nothing of a frozen block learns."
    return ""


class LayersDialog(QDialog):
    """The table with a picture of the training under it. Changes are made at once; `reset` takes all of them back, and
    undo and redo go step by step as in the form."""

    reset = Signal()
    undo = Signal()
    redo = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Layers")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.heading = Text("", "heading", bold=True)
        self.table, self.timeline, self.problem = LayerTable(), LayerTimeline(), Problem()
        self.doubts = Problem("warning")
        self.changes = Text("", "small", "muted", wrap=False)
        self.reset_button = button("Reset all", "reset", "Back to the method's own table", self.reset.emit)
        for key, signal in ((QKeySequence.StandardKey.Undo, self.undo), (QKeySequence.StandardKey.Redo, self.redo)):
            QShortcut(key, self, signal.emit)
        self._lay_out()

    def _lay_out(self) -> None:
        self._inner = inner = QWidget()
        # The height comes from the width it has, not from the least width its text could have.
        inner.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        said = "A cell that differs from the method's own table has an arrow beside it, which takes it back."
        in_column(
            self.heading, Text(said, "small", "muted"), self.table, self.problem, self.doubts,
            caption("When each block learns, and at which rate (logarithmic height)"), self.timeline, ..., owner=inner,
            gap=8, edges=(16, 16, 16, 8),
        )  # fmt: skip
        self.area = SlimArea(inner)
        in_column((self.area, 1), self._foot(), owner=self)

    def _foot(self) -> QHBoxLayout:
        close = button("Close", clicked=self.accept)
        for one in (close, self.reset_button):
            one.setAutoDefault(False)  # Enter ends the editing of a cell
        return in_row(self.reset_button, self.changes, ..., close, gap=8, edges=(16, 8, 16, 16))

    def show_view(self, view: LayerView, cells: int) -> None:
        """cells: how many differ from the method's own."""
        self.heading.setText(f"{view.method.title} on {view.info.title}")
        self.table.show_view(view)
        self.timeline.show_view(view)
        self.problem.say("")
        self.doubts.say(*sentences(view))
        self.changes.setText(count(cells, "cells") + " changed" if cells else "")
        self.reset_button.setEnabled(cells > 0)

    def sizeHint(self) -> QSize:
        """As large as its content, but never larger than the window it belongs to."""
        inner = self._inner.sizeHint()
        parent = self.parentWidget()
        most = parent.window().size() if parent is not None else QSize(1100, 700)
        return QSize(min(inner.width() + 24, most.width()), min(inner.height() + 72, most.height()))
