"""How images or texts differ from those the weights know: one shift of all, and further shifts to test on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.data.shifts import ALL_OR_NOTHING, KINDS, NAMES, kinds_of, short
from engine.experiment import DatasetChoice, Shift
from ui.new_experiment.severity_table import SeverityTable
from ui.widgets.column import caption
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import Choice, IntField
from ui.widgets.fold import Fold
from ui.widgets.images import ImageStrip
from ui.widgets.layouts import in_column
from ui.widgets.reset_mark import fill, on_change
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.data.preview import DatasetPreview

TILE = 40
USUAL = 3  # severity to begin with
COLUMNS = "A column for each severity."


class ShiftSettings(QWidget):
    """Shift, severity, what it looks like, and the shifts of further test sets. changed: by a person, not by `fill`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = Choice()
        self.severity = IntField(1, 5)
        self.severity.setValue(USUAL)
        self.table = SeverityTable()
        self.fold = Fold("Shift")
        grid = FieldGrid()
        grid.add("Kind", self.kind, "Applies to all of them: to learn from, to validate and to test.", lambda: None)
        self.kind.setAccessibleName("Kind of shift")
        self._severity_row = grid.add("Severity", self.severity, "1 is mild, 5 severe.", lambda: USUAL)
        self.severity.setAccessibleName("Severity of the shift")
        self.fold.body.addLayout(grid)
        self._add_strips()
        self.fold.body.addWidget(caption("Also test on"))
        self._applies = Text("", "small", "muted")
        self.fold.body.addWidget(self._applies)
        self.fold.body.addWidget(self.table)
        in_column(self.fold, owner=self)
        self._connect()
        self.show_kinds("images")

    def _add_strips(self) -> None:
        self.before, self.after = ImageStrip(TILE, 1), ImageStrip(TILE, 1)
        self.before.setAccessibleName("Samples as they are")
        self.after.setAccessibleName("The same samples, shifted")
        self.words = Text("", "small")
        for widget in (self.words, self.before, self.after):
            widget.hide()
            self.fold.body.addWidget(widget)

    def _connect(self) -> None:
        on_change(self._change, self.kind, self.severity)
        self.table.changed.connect(self._change)

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.fold.button, self.kind, self.severity, self.table

    def shift(self) -> Shift | None:
        kind = self.kind.key()
        return None if kind is None else Shift.model_validate({"kind": kind, "severity": self.severity.value()})

    def fill(self, choice: DatasetChoice) -> None:
        """Show these shifts; what a person set is never hidden in a closed fold."""
        shift = choice.shift
        self.table.set_chosen(choice.tested_on)
        self.show_kinds(self._of)
        fill({self.kind: shift.kind if shift else None, self.severity: shift.severity if shift else USUAL})
        if choice.shift or choice.tested_on:
            self.fold.button.setChecked(True)
        self._follow()

    def show_kinds(self, kind: str) -> None:
        """Offer what can become of such data: "images" or "texts". What is chosen stays chosen, also where it is none
        of these, and the checks say so."""
        self._of, fitting, chosen = kind, kinds_of(kind), self.kind.key()
        offered = (*fitting, *(one for one in KINDS if one == chosen and one not in fitting))
        self.kind.set_options([(None, "None"), *((one, NAMES[one]) for one in offered)])
        self.table.show_kinds(fitting)
        self._applies.setText(f"The same test {kind}, shifted, which the run never learns from. {COLUMNS}")
        self._follow()

    def show_samples(self, found: DatasetPreview | None) -> None:
        """Samples as they are and, below each, shifted; or in words what a label shift does."""
        pairs = bool(found and found.shifted)
        self.before.set_images(found.strip if found and pairs else [])
        self.after.set_images(found.shifted if found else [])
        self.words.setText(found.shift_sentence if found else "")
        self.words.setVisible(bool(found and found.shift_sentence))
        for strip in (self.before, self.after):
            strip.setVisible(pairs)

    def _change(self) -> None:
        self._follow()
        self.changed.emit()

    def _follow(self) -> None:
        """The title tells what is set while the fold is closed; a severity is asked for where there is one."""
        shift, others = self.shift(), len(self.table.chosen())
        for widget in self._severity_row:
            widget.setVisible(shift is not None and shift.kind not in ALL_OR_NOTHING)
        said = [short(shift) if shift else "none", *([f"also tested on {others}"] if others else [])]
        self.fold.set_title(f"Shift: {', '.join(said)}" if shift or others else "Shift")
