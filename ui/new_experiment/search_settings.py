"""Search for the best values: how settings are proposed, how many and how long, and between which values."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.comparison.wording import count, thousands
from engine.errors import InvalidExperiment
from engine.experiment import SearchChoice
from engine.given import MOST_MINUTES
from engine.method import Method
from engine.search.folds import for_labels
from engine.search.space import searchable, usual
from ui.new_experiment.search_range import RangeRow
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import Choice, FloatField, IntField
from ui.widgets.fold import Fold
from ui.widgets.layouts import in_column
from ui.widgets.reset_mark import fill, on_change
from ui.widgets.text import Text, TextPlace

IDEA = "Tries settings by cross-validation on the training examples, then trains with the best one."
DEFAULT = SearchChoice()
STRATEGIES = (("bayesian", "Bayesian"), ("random", "Random"), ("sweep", "Sweep"))
HELP = {
    "Strategy": "Bayesian learns from the settings before, random does not, a sweep tries every combination.",
    "Settings": "How many settings are tried; the first is the one in the form.",
    "At most": "The search ends after so many minutes, and the run goes on with the best setting until then.",
    "Folds": "Parts of the training examples; with up to five labels one example of every class is left out at a time.",
}
USUAL = {"Strategy": DEFAULT.strategy, "Settings": DEFAULT.trials, "At most": 0, "Folds": DEFAULT.folds}


class SearchSettings(QWidget):
    """changed: anything of it. Hidden for methods that have nothing to search."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._method: type[Method] | None = None
        self._offered: type[Method] | None = None  # whose rows there are
        self._given: tuple[str, ...] = ()  # the order of what was filled in, which a run of that search has
        self.on = QCheckBox("Search for best values")
        self.on.setToolTip(IDEA)
        self.on.setAccessibleDescription(IDEA)
        self.strategy = Choice(list(STRATEGIES))
        self.trials, self.folds = IntField(1, 1000), IntField(2, 20)
        self.combinations = Text("", wrap=False)  # of a sweep, in place of the number of settings
        self.minutes = FloatField(0, MOST_MINUTES)
        self.minutes.setSpecialValueText("No limit")
        self.minutes.setSuffix(" min")
        self.pruning = QCheckBox("Give up early")
        self.pruning.setToolTip("Stop trying a setting that is behind after some folds")
        self.work = TextPlace(
            "", "small", "muted", lines=3
        )  # how the images are divided, and how many trainings that takes
        self._labels: int | None = None
        self.rows: dict[str, RangeRow] = {}
        self.boxes: dict[str, QCheckBox] = {}
        self._settings = QWidget()
        self._lay_out()
        self._set_numbers(DEFAULT)
        self._settings.hide()
        self.on.toggled.connect(self._open)
        fields = (self.on, self.pruning, self.strategy, self.trials, self.folds, self.minutes)
        on_change(self._note_change, *fields)

    def _lay_out(self) -> None:
        grid = FieldGrid(dense=True)
        for title, field in zip(HELP, (self.strategy, self.trials, self.minutes, self.folds), strict=True):
            grid.add(title, field, HELP[title], partial(USUAL.get, title))
        self.minutes.setAccessibleName("At most of the search")
        self.combinations.setMinimumHeight(self.trials.sizeHint().height())
        grid.addWidget(self.combinations, 2, 1)  # where the number of settings is
        self._usual, self.others = QVBoxLayout(), Fold("Others")
        self._usual.setSpacing(4)
        in_column(
            Text(IDEA, "small", "muted"), grid, self.work, self.pruning,
            Text("Values to choose", "small", "muted", bold=True, wrap=False), self._usual, self.others,
            owner=self._settings, gap=8, edges=(0, 4, 0, 4),
        )  # fmt: skip
        in_column(self.on, self._settings, owner=self, gap=0)

    def tab_order(self) -> tuple[QWidget, ...]:
        before = usual(self._method) if self._method is not None else ()
        first = [row for name, row in self.rows.items() if name in before]
        rest = [row for name, row in self.rows.items() if name not in before]
        fields = (self.on, self.strategy, self.trials, self.minutes, self.folds, self.pruning)
        own, others = ([one for row in rows for one in row.tab_order()] for rows in (first, rest))
        return (*fields, *own, self.others.button, *others)

    # What is chosen

    def set_labels(self, labels: int | None) -> None:
        """Training images of every class, None for all: they decide how many folds there are, whatever was asked."""
        self._labels = labels
        self._show_work()

    def _note_change(self) -> None:
        self._show_work()
        self.changed.emit()

    def _show_work(self) -> None:
        self._show_strategy()
        try:
            folds, words = for_labels(self._labels, self.folds.value())
            settings = self._settings_tried()
        except InvalidExperiment:
            self.work.setText("")  # the checks say what is wrong
            self.combinations.setText("")
            return
        most = "up to " if self.pruning.isChecked() or self.minutes.value() else ""
        said = words if words.startswith(str(folds)) else f"{words[:1].upper()}{words[1:]}: {folds} folds"
        self.work.setText(f"{said}; {most}{thousands(folds * settings)} trainings.")
        self.combinations.setText(count(settings, "combinations"))

    def _show_strategy(self) -> None:
        sweep = self.strategy.key() == "sweep"
        self.trials.setVisible(not sweep)
        self.combinations.setVisible(sweep)
        for row in self.rows.values():
            row.set_sweep(sweep)

    def _settings_tried(self) -> int:
        """At most; raises `InvalidExperiment` where a sweep has a range that cannot be."""
        if self.strategy.key() != "sweep":
            return int(self.trials.value())
        return math.prod(len(row.range().spread()) for row in self.rows.values() if row.box.isChecked())

    def set_method(self, method: type[Method]) -> None:
        """Offer this method's hyperparameters, the usual ones ticked; made once somebody wants to search."""
        if method is self._method:
            return
        self._method = method
        self.setVisible(bool(searchable(method)))
        self._open(self.on.isChecked())

    def _open(self, opened: bool) -> None:
        if opened and self._offered is not self._method:
            self._offer()
        self._settings.setVisible(opened)

    def _offer(self) -> None:
        """A row for each of the method's hyperparameters that can be searched."""
        self._offered = self._method
        assert self._method is not None
        for row in self._settings.findChildren(RangeRow):
            row.hide()
            row.setParent(None)
            row.deleteLater()
        self.rows = {one.name: RangeRow(one, self._is_usual(one.name)) for one in searchable(self._method)}
        self.boxes = {name: row.box for name, row in self.rows.items()}
        for name, row in self.rows.items():
            row.changed.connect(self._note_change)
            (self._usual if self._is_usual(name) else self.others.body).addWidget(row)
        self._show_work()
        self.others.setVisible(any(not self._is_usual(name) for name in self.boxes))

    def _is_usual(self, name: str) -> bool:
        return self._method is not None and name in usual(self._method)

    def choice(self) -> SearchChoice | None:
        """None when it is off; raises `InvalidExperiment` when no hyperparameter is ticked."""
        if not self.on.isChecked() or not self.boxes:
            return None
        ticked = self._ticked()
        if not ticked:
            raise InvalidExperiment("The search has nothing to choose.", "Tick at least one value.", "search")
        named = () if self._method is not None and not self._given and ticked == usual(self._method) else ticked
        ranges = {name: row.choice() for name, row in self.rows.items()}
        return SearchChoice.model_validate({
            "trials": self.trials.value(), "folds": self.folds.value(), "parameters": named,
            "pruning": self.pruning.isChecked(), "strategy": self.strategy.key(),
            "minutes": self.minutes.value() or None,
            "ranges": {name: one for name, one in ranges.items() if one is not None},
        })  # fmt: skip

    def _ticked(self) -> tuple[str, ...]:
        """In the order that was filled in while these are the same names, else in the form's."""
        ticked = tuple(name for name, box in self.boxes.items() if box.isChecked())
        return self._given if set(ticked) == set(self._given) else ticked

    def fill(self, choice: SearchChoice | None) -> None:
        """Show this search, or none; after `set_method`. Does not emit `changed`."""
        fill({self.on: choice is not None})
        self._open(choice is not None)
        shown = choice or DEFAULT
        self._given = shown.parameters
        self._set_numbers(shown)
        for name, row in self.rows.items():
            ticked = name in shown.parameters if shown.parameters else self._is_usual(name)
            row.fill(shown.ranges.get(name), ticked)
        if any(name in shown.parameters and not self._is_usual(name) for name in self.boxes):
            self.others.button.setChecked(True)
        self._show_work()

    def _set_numbers(self, choice: SearchChoice) -> None:
        fill({
            self.trials: choice.trials, self.folds: choice.folds, self.pruning: choice.pruning,
            self.strategy: choice.strategy, self.minutes: choice.minutes or 0,
        })  # fmt: skip
