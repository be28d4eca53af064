"""Which test images are looked at: of which class, with which outcome, in which order."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.examined import ALL, ALWAYS, APART, AS_LISTED, GIVEN, LOSS, MISSED, RIGHT, SURE, UNSURE, Examined
from engine.comparison.per_class import confused_pairs
from engine.comparison.wording import thousands
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_column
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Text

OUTCOMES = {ALL: "All", RIGHT: "Right", MISSED: "Missed", GIVEN: "Wrongly given"}
ORDERS = {
    AS_LISTED: "As in the data set", UNSURE: "Least sure first", SURE: "Surest first", LOSS: "Largest loss first",
    APART: "Seeds disagree most first",
}  # fmt: skip
MOST_PAIRS = 20
ANY_CLASS, NO_PAIR = -1, ""


@dataclass(frozen=True)
class ConfusedCell:
    """Images of some classes taken for some, as a cell of a matrix or a pair has them; places in the classes."""

    true: tuple[int, ...]
    given: tuple[int, ...]


class OutcomeBar(QWidget):
    """changed: something else is asked for. cell: what was clicked instead of a class and an outcome, else None."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cell: ConfusedCell | None = None
        self.classes, self.outcome, self.pairs, self.order = Choice(), Choice(), Choice(), Choice()
        rows = []
        named = (
            ("Class", self.classes, "Examples of one class, or of all"),
            ("Outcome", self.outcome, "Missed: of this class and taken for another. Wrongly given: taken for it"),
            ("Pair", self.pairs, "The classes that are confused most often"),
            ("Order", self.order, "Sure: probability of the answer given. Loss: of the true class, −ln p"),
        )
        for words, field, tip in named:
            label = Text(words, "small", "muted", wrap=False)
            label.setBuddy(field)
            field.setAccessibleName(words)
            field.setToolTip(tip)
            field.setMinimumContentsLength(14)
            rows.append((label, field))
        flow = FlowLayout(spacing=12)
        for label, field in rows:
            flow.add_row(label, field)
        in_column(flow, owner=self)
        self.classes.currentIndexChanged.connect(lambda _: self._leave_cell())
        self.outcome.currentIndexChanged.connect(lambda _: self._leave_cell())
        self.pairs.currentIndexChanged.connect(lambda _: self._take_pair())
        self.order.currentIndexChanged.connect(lambda _: self.changed.emit())

    def show_examined(self, of: Examined) -> None:
        """What there is to choose of a run; nothing is chosen."""
        self.cell = None
        always = {ALWAYS: f"Wrong in {of.seeds} of {of.seeds} seeds"} if of.seeds > 1 else {}
        unknown = {UNSURE, SURE, LOSS} if of.answers is None else set()
        orders = {key: words for key, words in ORDERS.items() if key not in unknown and (of.seeds > 1 or key != APART)}
        pairs = {
            f"{true} {given}": f"{of.names[true]} taken for {of.names[given]}: {thousands(number)}"
            for true, given, number in confused_pairs(of.counts, MOST_PAIRS)
        }
        named = dict(enumerate(of.names))
        for field, options in (
            (self.classes, {ANY_CLASS: "All classes", **named}), (self.outcome, {**OUTCOMES, **always}),
            (self.pairs, {NO_PAIR: "Most confused pairs", **pairs}), (self.order, orders),
        ):  # fmt: skip
            with QSignalBlocker(field):
                field.set_options([*options.items()])
                field.setCurrentIndex(0)
        self.order.setEnabled(len(orders) > 1)

    @property
    def chosen_class(self) -> int | None:
        key = self.classes.key()
        return key if isinstance(key, int) and key != ANY_CLASS else None

    def choose(self, place: int | None, outcome: str, order: str = "") -> None:
        """Ask for a class (None: all) and an outcome, and an order if it is offered."""
        self._set(place, outcome)
        if order:
            with QSignalBlocker(self.order):
                self.order.set_key(order)
        self.changed.emit()

    def choose_cell(self, true: tuple[int, ...], given: tuple[int, ...]) -> None:
        """Ask for what lies in a cell of the matrix."""
        self._set(None, ALL)
        self.cell = ConfusedCell(true, given)
        self.changed.emit()

    def _set(self, place: int | None, outcome: str) -> None:
        self.cell = None
        wanted = ((self.classes, ANY_CLASS if place is None else place), (self.outcome, outcome), (self.pairs, NO_PAIR))
        for field, key in wanted:
            with QSignalBlocker(field):
                field.set_key(key)

    def _leave_cell(self) -> None:
        self.cell = None
        with QSignalBlocker(self.pairs):
            self.pairs.set_key(NO_PAIR)
        self.changed.emit()

    def _take_pair(self) -> None:
        pair = str(self.pairs.key() or NO_PAIR)
        if pair == NO_PAIR:
            self._leave_cell()
            return
        for field, key in ((self.classes, ANY_CLASS), (self.outcome, ALL)):
            with QSignalBlocker(field):
                field.set_key(key)
        true, given = map(int, pair.split())
        self.cell = ConfusedCell((true,), (given,))
        self.changed.emit()
