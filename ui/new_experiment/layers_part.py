"""The layer table in the method's column: the picture, what was changed, and the way to the whole table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.backbones.info import BackboneInfo, Block
from engine.comparison.wording import count
from engine.errors import InvalidExperiment
from engine.layers import HEAD
from engine.method import Method
from engine.tuning.method import FineTuneMethod
from ui.figures.block_picture import BlockPicture
from ui.new_experiment.layer_doubts import sentences
from ui.new_experiment.layer_table import LayersDialog
from ui.new_experiment.layer_view import (
    Edits,
    LayerView,
    cells_in,
    differing,
    layer_view,
    split_known,
    toggled,
    with_cell,
    without_cell,
)  # fmt: skip
from ui.widgets.buttons import button, icon_button
from ui.widgets.column import caption
from ui.widgets.layouts import in_column, in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Elided, Text

TABLE = "hyperparameters.layers"  # the field that faults of the table name


class LayersPart(QWidget):
    """`show` says which method with which values on which backbone. changed: a person changed the table. undo, redo:
    wanted from its dialog."""

    changed = Signal()
    undo = Signal()
    redo = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edits: Edits = {}
        self._filled: Edits | None = None  # what was filled in, while it is untouched
        self._left: tuple[Edits, str] = {}, ""  # changes that were left behind, and with which method
        self.built: Method | None = None  # the method with the values that are shown; None where they do not fit
        self._info: BackboneInfo | None = None
        self.view: LayerView | None = None
        self.dialog: LayersDialog | None = None
        self.picture = BlockPicture()
        self.picture.pressed.connect(self._toggle)
        self.problem = Problem()
        self.doubts = Problem("warning")
        self.note = Text("", "small", "muted")
        self.take_over = button("Use them here too", clicked=self._take_over)
        self.changes = Elided("", "small", "muted")
        self.edit_button = button("Edit layers…", "edit", "Rates, timing, what learns: block by block", self.open)
        self.reset_button = icon_button("reset", "Reset all layers to the method's own", self.reset)
        self._lay_out()

    def _lay_out(self) -> None:
        row = in_row(self.edit_button, (self.changes, 1), self.reset_button, gap=8)
        in_column(caption("What happens to each block"), self.picture, row, owner=self, gap=6)
        self.say("")

    def said(self) -> tuple[QWidget, ...]:
        """What has to be said about the table, for the column's notice."""
        return self.problem, self.doubts, self.note, self.take_over

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.picture, self.edit_button, self.reset_button, self.take_over

    # The changes

    def edits(self) -> Edits:
        """What differs from the method's own table, as the hyperparameter `layers` takes it."""
        if self._edits is self._filled:
            return {block: dict(cells) for block, cells in self._edits.items()}
        return differing(self._edits, self.view.own if self.view is not None else {})

    def state(self) -> object:
        """What its picture depends on besides method, values and network."""
        return self._edits, self._edits is self._filled

    def fill(self, edits: Mapping[str, Mapping[str, Any]]) -> None:
        """Take over changes from a file as they are, also those that do not fit; `show` then says what is wrong."""
        self._edits = self._filled = {block: dict(cells) for block, cells in edits.items()}
        self._left = {}, ""
        self.say("")

    def leave(self, title: str, usual: Edits, wanted: Edits) -> None:
        """Another method was chosen: its table is shown, and the changes can be taken over. title: the old one. usual,
        wanted: changes that the old and the new one begin with."""
        left = self.edits()
        self._edits = self._filled = wanted
        if left and left != usual:
            self._left = left, title
            self.say(f"{count(cells_in(left), 'changes')} to the layers of {title} {_were(left)} left behind.", True)
        elif title:
            self._left = {}, ""
            self.say("")

    def reset(self) -> None:
        self._change({})

    def _change(self, edits: Edits) -> None:
        self._edits = edits
        self.say("")
        self.changed.emit()

    def _take_over(self) -> None:
        known, _ = split_known(self._left[0], self._info.block_names if self._info else ())
        self._change(known)

    def _toggle(self, block: str) -> None:
        if self.view is not None:
            self._change(toggled(self.view, self._edits, block))

    def say(self, words: str, offer: bool = False) -> None:
        """A note under the picture. offer: with a button that takes the changes over that were left behind."""
        self.note.setText(words)
        self.note.setVisible(bool(words))
        self.take_over.setVisible(offer)

    # What is shown

    def show_method(
        self, method: type[Method], values: Mapping[str, Any], info: BackboneInfo, kept_head: bool = False
    ) -> None:
        """method: a class of `engine.methods`; values: its hyperparameters without `layers`."""
        if self._info is not None and info.name != self._info.name:
            self._drop_unknown(info)
        self._info, self.view, self.built = info, None, None
        fault: InvalidExperiment | None = None
        if issubclass(method, FineTuneMethod):
            try:
                self.view = layer_view(method, values, self._edits, info, kept_head)
                self.built = self.view.method
            except InvalidExperiment as found:
                fault = found
        else:
            built = method.from_values(values)
            try:
                built.treatments(tuple(info.block_names))
                self.built = built
            except InvalidExperiment as found:  # a block that this network does not have
                fault = found
        self._draw(info, fault, () if method.without_network(values) else info.blocks)

    def _drop_unknown(self, info: BackboneInfo) -> None:
        """Another backbone was chosen: changes to blocks that it does not have go, and that is said."""
        assert self._info is not None
        known, lost = split_known(self._edits, info.block_names)
        if lost:
            titles = {block.name: block.title for block in self._info.blocks}
            names = ", ".join(titles.get(block, block) for block in lost)
            self._edits = known
            self.say(f"Changes to {names} are gone: {info.title} has no such block.")

    def _draw(self, info: BackboneInfo, fault: InvalidExperiment | None, used: Sequence[Block]) -> None:
        """used: the blocks that the method asks anything of."""
        blocks = [(b.name, b.title, b.parameters) for b in used]
        if self.view is not None:
            treatments: dict[str, Any] = dict(self.view.treatments)
        else:
            treatments = {} if self.built is None else self.built.treatments(tuple(info.block_names))
        shown = [*blocks, (HEAD, "Head", None)] if HEAD in treatments or fault else blocks
        self.picture.set_blocks(shown, treatments)
        self.picture.setVisible(fault is None)
        own = fault is not None and (fault.field or "").startswith(TABLE)  # others stand beside their field
        self.problem.say(str(fault) if own else "")
        self.doubts.say(*(sentences(self.view) if self.view is not None else ()))
        self._draw_changes()

    def _draw_changes(self) -> None:
        editable = self.view is not None and self.view.epochs > 0
        cells = cells_in(self.edits())
        self.picture.set_editable(editable)
        self.picture.set_marked(self.view.changed_blocks if self.view is not None else frozenset())
        self.edit_button.setVisible(editable)
        self.changes.setText(f"{count(cells, 'cells')} changed")
        for widget in (self.changes, self.reset_button):
            widget.setVisible(cells > 0)
        if self.dialog is not None and self.view is not None:
            self.dialog.show_view(self.view, cells)
        elif self.dialog is not None:
            self.dialog.problem.say(self.problem.text.text())

    def say_fault(self, words: str) -> None:
        """What the checks found wrong with the table, unless it is said already."""
        if self.view is not None:
            self.problem.say(words)
            if self.dialog is not None:
                self.dialog.problem.say(words)

    # The whole table

    def open(self) -> None:
        """The table in a dialog over the window."""
        if self.view is None or self.dialog is not None:
            return
        self.dialog = dialog = LayersDialog(self.window())
        dialog.table.edited.connect(lambda block, key, value: self._change(with_cell(self._edits, block, key, value)))
        dialog.table.cleared.connect(lambda block, key: self._change(without_cell(self._edits, block, key)))
        dialog.table.pressed.connect(self._toggle)
        for signal, then in ((dialog.reset, self.reset), (dialog.undo, self.undo), (dialog.redo, self.redo)):
            signal.connect(then)
        dialog.finished.connect(lambda _: self._forget_dialog())
        self._draw_changes()
        dialog.resize(dialog.sizeHint())
        dialog.open()

    def _forget_dialog(self) -> None:
        self.dialog = None


def _were(edits: Edits) -> str:
    return "was" if cells_in(edits) == 1 else "were"
