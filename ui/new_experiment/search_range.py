"""One hyperparameter of a search: whether it is chosen, and between which values."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from engine.experiment import RangeChoice
from engine.search.space import Range, narrowed
from ui.widgets.fields import FloatField, IntField
from ui.widgets.layouts import in_column, in_row
from ui.widgets.number_field import NumberField, say_below
from ui.widgets.reset_mark import fill, on_change
from ui.widgets.text import Text

USUAL = RangeChoice()
RATIOS = "By equal ratios: 0.001, 0.01 and 0.1 rather than 0.001, 0.05 and 0.1"
INDENT = 22  # px, below the box's own words


class RangeRow(QWidget):
    """A hyperparameter to tick, with the values it may take; a ticked number has fields for them.

    changed: any of it.
    """

    changed = Signal()

    def __init__(self, one: Range, ticked: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.one = one
        self._given: RangeChoice | None = None
        self.box = QCheckBox(one.label)
        self.box.setChecked(ticked)
        self.box.setToolTip(f"{one.label}: {one.words()}")
        self.box.setAccessibleDescription(one.words())
        self.words = Text(one.words(), "small", "muted")
        self.words.setContentsMargins(INDENT, 0, 0, 0)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.low, self.high = self._end("smallest"), self._end("largest")
        self.log = QCheckBox("Log scale")
        self.log.setToolTip(RATIOS)
        self.log.setAccessibleName(f"{one.label}: by equal ratios")
        self.values = IntField(2, 100)
        self.values.set_unit("values")
        self.values.setToolTip("How many values the sweep tries, ends included")
        self.values.setAccessibleName(f"{one.label}: how many values")
        self.fields = QWidget()
        self._lay_out()
        self.fill(None, ticked)
        self.box.toggled.connect(self._show_fields)
        on_change(self.changed.emit, self.box, self.log, *self._numbers())

    def _end(self, which: str) -> NumberField:
        one = self.one
        field = IntField(one.least, one.most) if one.whole else FloatField(one.least, one.most, one.log)
        field.setToolTip(f"{which.capitalize()} value that is tried")
        field.setAccessibleName(f"{one.label}: {which} value")
        return field

    def _numbers(self) -> tuple[NumberField, ...]:
        return (self.low, self.high, self.values)

    def _lay_out(self) -> None:
        ends = in_row((self.low, 1), Text("to", "small", "muted", wrap=False), (self.high, 1))
        for field in self._numbers():
            say_below(field)
        steps = in_row(self.log, ..., self.values)
        in_column(ends, steps, owner=self.fields, gap=4, edges=(INDENT, 2, 0, 4))
        in_column(self.box, self.words, self.fields, owner=self, gap=0)

    def tab_order(self) -> tuple[QWidget, ...]:
        return (self.box, self.low, self.high, self.log, self.values)

    def set_sweep(self, sweep: bool) -> None:
        self.values.setVisible(sweep)

    def _show_fields(self) -> None:
        shown = self.box.isChecked() and not self.one.choices
        self.fields.setVisible(shown)
        self.words.setVisible(not shown)

    def fill(self, choice: RangeChoice | None, ticked: bool) -> None:
        """Show this range, or the usual one. Does not emit `changed`."""
        self._given, shown = choice, choice or USUAL
        low, high = self._number(shown.low, self.one.low), self._number(shown.high, self.one.high)
        log = self.one.log if shown.log is None else shown.log
        fill({self.box: ticked, self.low: low, self.high: high, self.log: log, self.values: shown.values})
        self._show_fields()

    def _number(self, given: float | None, usual: float) -> float:
        value = usual if given is None else given
        return int(value) if self.one.whole and value == int(value) else value

    def choice(self) -> RangeChoice | None:
        """None where it is not searched or everything is as usual; what was given as it is usually stays given."""
        if not self.box.isChecked() or self.one.choices:
            return None
        given = self._given or USUAL
        low = None if given.low is None and self.low.value() == self.one.low else self.low.value()
        high = None if given.high is None and self.high.value() == self.one.high else self.high.value()
        log = None if given.log is None and self.log.isChecked() == self.one.log else self.log.isChecked()
        found = RangeChoice(low=low, high=high, log=log, values=self.values.value())
        return found if self._given is not None or found != USUAL else None

    def range(self) -> Range:
        """Raises `InvalidExperiment` for one that cannot be."""
        choice = self.choice()
        return self.one if choice is None else narrowed(self.one, choice)
