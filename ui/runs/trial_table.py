"""The trials of a search as a table: values, accuracy with its interval, folds, state."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from engine.comparison.wording import duration, with_interval
from engine.events import TrialCompleted
from engine.search.space import Range, shown
from engine.search.trials import best, score
from ui.figures.plain_table import PlainTable, TableCell

STATES = {"complete": "all folds", "pruned": "given up early", "failed": "diverged"}
ANY_WIDTH = 10_000


def row_of(trial: TrialCompleted, ranges: Sequence[Range], chosen: bool) -> list[TableCell]:
    values = [(shown(trial.values.get(one.name, "–")), trial.values.get(one.name, "")) for one in ranges]
    accuracy = score(trial) if trial.scores else None
    state = "chosen" if chosen else STATES.get(trial.state, trial.state)
    cells = [
        (str(trial.number + 1), trial.number),
        (with_interval(accuracy) if accuracy else "–", accuracy.value if accuracy else -1.0),
        (state, state),
        *values,
        (str(len(trial.scores)), len(trial.scores)),
        (duration(trial.seconds), trial.seconds),
    ]
    return [TableCell(words, key=key, bold=chosen) for words, key in cells]


class TrialTable(PlainTable):
    """As high as its rows up to a limit; Ctrl+C copies what is selected."""

    most_rows, sorted_by_click = 8, True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Settings that were tried", parent)
        self.tried: tuple[TrialCompleted, ...] = ()
        self.horizontalHeader().setStretchLastSection(True)

    def show_trials(self, trials: Sequence[TrialCompleted], ranges: Sequence[Range]) -> None:
        grown, found = len(trials) != len(self.cells.rows), best(trials)
        self.tried = tuple(trials)
        heads = ["Setting", "Accuracy", "State", *(one.label for one in ranges), "Folds", "Time"]
        self.show_cells(heads, [row_of(trial, ranges, trial is found) for trial in trials])
        if grown:
            self.fit_columns(ANY_WIDTH)
