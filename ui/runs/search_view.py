"""The search of a run: settings tried so far, the chosen one with its uncertainty, and "Use it"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.wording import count
from engine.errors import ExperimentError
from engine.events import TrialCompleted
from engine.experiment import Experiment
from engine.search.space import Range, labels_of, planned, space, with_values, words_of
from engine.search.trials import ChosenSetting, choose
from ui.figures.painted import Section
from ui.runs.trial_figures import AccuracyAgainst, BestSoFar
from ui.runs.trial_table import TrialTable
from ui.widgets.buttons import button
from ui.widgets.card import Card
from ui.widgets.fields import Choice as ChoiceField
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import Beside
from ui.widgets.text import Text

HINT = "The best of many is a little too good by itself; the test figure of the run is not."


class ChosenCard(Card):
    """The chosen setting so far, in words. use_wanted: put it into New experiment."""

    use_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Chosen setting")
        self.values = Text("", "heading", bold=True)
        self.certainty = Text("")
        self.hint = Text(HINT, "small", "muted")
        tip = "Fill New experiment with the chosen values, the search switched off"
        self.use = button("Use it", "clone", tip, self.use_wanted.emit)
        words = in_column(gap=2)
        for line in (self.values, self.certainty, self.hint):
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(line)
        row = in_row((words, 1), (self.use, 0, Qt.AlignmentFlag.AlignTop), gap=24)
        self.body.addLayout(row)

    def show_choice(self, found: ChosenSetting | None, labels: Mapping[str, str]) -> None:
        self.use.setEnabled(found is not None)
        self.hint.setVisible(found is not None)
        if found is None:
            self.values.setText("No setting is chosen yet")
            self.certainty.setText("The first one is chosen when it has been tried on every fold.")
            return
        words = words_of(found.trial.values, labels)
        self.values.setText(words[:1].upper() + words[1:])
        self.certainty.setText(found.sentence())


class SearchView(QWidget):
    """Hidden for a run without a search. use_wanted(Experiment): the chosen setting as a plain experiment."""

    use_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card, self.table = ChosenCard(), TrialTable()
        self.against, self.best = AccuracyAgainst(), BestSoFar()
        self.parameter = ChoiceField()
        self.parameter.setAccessibleName("Hyperparameter on the horizontal axis")
        self.parameter.setMinimumContentsLength(5)
        self.parameter.setMaximumWidth(200)
        self.progress = Text("", "small", "muted")
        self._experiment: Experiment | None = None
        self._ranges: Sequence[Range] = ()
        self._drawn: tuple[Any, ...] = ()
        self._lay_out()
        self.parameter.currentIndexChanged.connect(lambda _: self._choose_range())
        self.card.use_wanted.connect(self._use)
        self.hide()

    def _lay_out(self) -> None:
        left = Section("Accuracy over folds", self.against, self.against.menu)
        left.add(self.parameter)
        right = Section("Best so far", self.best, self.best.menu)
        in_column(
            Text("Search", bold=True, wrap=False), self.card, self.progress, (Beside(left, right, least=300), 1),
            self.table, owner=self, gap=8,
        )  # fmt: skip

    def start_run(self, run_id: int, experiment: Experiment) -> None:
        """Another run: its ranges, nothing tried yet."""
        self._experiment, self._drawn = experiment, ()
        self._ranges = ranges_of(experiment)
        self.setVisible(experiment.search is not None)
        self.parameter.set_options([(one.name, one.label) for one in self._ranges])
        self.parameter.setVisible(len(self._ranges) > 1)
        self._choose_range()
        self.show_trials((), {}, run_id)

    def show_trials(self, trials: Sequence[TrialCompleted], facts: Mapping[str, Any], run_id: int) -> None:
        """What was tried so far; drawn only where something is new."""
        if self._experiment is None or self._experiment.search is None:
            return
        now = (run_id, len(trials), facts.get("folds"))
        if now == self._drawn:
            return
        self._drawn = now
        tried = tuple(trials)
        settings = settings_of(self._experiment)
        self.card.show_choice(choose(tried), labels_of(self._experiment.method.name))
        self.progress.setText(progress_words(tried, settings, str(facts.get("folds", ""))))
        self.best.set_planned(settings)
        for figure in (self.against, self.best):
            figure.set_trials(tried, run_id)
        self.table.show_trials(tried, self._ranges)

    def _choose_range(self) -> None:
        name = self.parameter.key()
        shown = next((one for one in self._ranges if one.name == name), None)
        if shown is not None:
            self.against.set_range(shown)

    def _use(self) -> None:
        found = choose(self.table.tried)
        if found is not None and self._experiment is not None:
            self.use_wanted.emit(with_values(self._experiment, found.trial.values))


def settings_of(experiment: Experiment) -> int:
    """How many settings the search tries; those it was given for a method this version does not know."""
    try:
        return planned(experiment)
    except ExperimentError:
        return experiment.search.trials if experiment.search is not None else 0


def ranges_of(experiment: Experiment) -> Sequence[Range]:
    """What the search chooses between; nothing for a method this version does not know."""
    try:
        return space(experiment) if experiment.search is not None else ()
    except ExperimentError:
        return ()


def progress_words(trials: Sequence[TrialCompleted], planned: int, folds: str) -> str:
    """ "7 of 20 settings tried, 3 given up early · 5 stratified folds of the training images"."""
    said = f"{len(trials)} of {count(planned, 'settings')} tried"
    for state, words in (("pruned", "given up early"), ("failed", "diverged")):
        found = sum(trial.state == state for trial in trials)
        said += f", {found} {words}" if found else ""
    return " · ".join(part for part in (said, folds) if part)
