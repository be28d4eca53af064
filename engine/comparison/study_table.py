"""What a study has found so far: arm by column, mean over seeds with its interval, and which arm is best where.

A study of tasks that ask for numbers is about errors, of which the smallest is the best; all others are about accuracy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, nan

from engine.comparison.intervals import Interval, mean_interval
from engine.comparison.wording import count, interval_text, lower_is_better, points
from engine.study import Condition, Study, condition_words, labels_words
from engine.study_cells import Cell, cells

TEST, ERROR = "test/accuracy", "test/error"
MEAN = "test/accuracy, mean over shifts"  # of the further test sets
LAST = "last epoch"


@dataclass(frozen=True)
class Outcome:
    """What the run of one cell found. tests: metric -> accuracy as a fraction, or error. best, last: on validation,
    the accuracy or the loss, NaN where there is none."""

    tests: Mapping[str, float]
    best: float = nan
    last: float = nan


@dataclass(frozen=True)
class Column:
    """One place of the table. metric: `TEST` or `ERROR`, that of a further test set, or `MEAN` over those."""

    labels: int | None
    condition: Condition
    metric: str
    title: str


@dataclass(frozen=True)
class Entry:
    """One arm in one column. scores: seed -> accuracy or error. rates: learning rate -> seeds that chose it. best: its
    lead over the next arm excludes zero, paired over seeds."""

    scores: Mapping[int, float] = field(default_factory=dict)
    rates: Mapping[float, int] = field(default_factory=dict)
    best: bool = False

    @property
    def interval(self) -> Interval | None:
        return mean_interval(self.scores.values()) if self.scores else None


@dataclass(frozen=True)
class StudyTable:
    """entries[arm][column], arms in the study's order. done and total count runs, the source's included."""

    study: Study
    columns: tuple[Column, ...]
    entries: tuple[tuple[Entry, ...], ...]
    done: int
    total: int


Chosen = dict[tuple[int, int | None, Condition], dict[int, tuple[Cell, Outcome]]]


def study_table(
    study: Study, outcomes: Mapping[str, Outcome], failed: Collection[str] = (), wanted: Sequence[Cell] = ()
) -> StudyTable:
    """The table from what is known. outcomes: by the key of the cell. failed: cells that ended without a result.

    wanted: the study's cells, where they are known already.
    """
    wanted = wanted or cells(study)
    chosen = chosen_rates(study, wanted, outcomes, failed)
    places = columns(study)
    plain = [[entry(chosen, arm, column) for column in places] for arm in range(len(study.arms))]
    for number in range(len(places)):
        mark_best([row[number] for row in plain], plain, number, places[number].metric)
    done = sum(cell.key in outcomes for cell in wanted)
    return StudyTable(study, places, tuple(map(tuple, plain)), done, len(wanted))


def columns(study: Study) -> tuple[Column, ...]:
    """Label count by condition, and there the test images themselves, the further test sets and the mean over those."""
    return tuple(
        Column(labels, condition, metric, ", ".join(filter(None, (labels_part, where, words))) or measure(study))
        for labels in study.labels
        for condition in study.conditions
        for metric, words in metrics(study)
        for labels_part in [labels_words(labels, study.regression) if len(study.labels) > 1 else ""]
        for where in [condition_words(condition) if len(study.conditions) > 1 else ""]
    )


def metrics(study: Study) -> list[tuple[str, str]]:
    """(metric, words) of every test set of a run; tasks of numbers have the one."""
    if study.regression:
        return [(ERROR, "")]
    further = [(f"{TEST}, {condition_words(shift)}", condition_words(shift)) for shift in study.dataset.tested_on]
    mean = [(MEAN, "mean out of distribution")] if len(further) > 1 else []
    return [(TEST, "in distribution" if further else ""), *mean, *further]


def measure(study: Study) -> str:
    """What the figures of the study are."""
    return "test error" if study.regression else "test accuracy"


def chosen_rates(
    study: Study, wanted: Sequence[Cell], outcomes: Mapping[str, Outcome], failed: Collection[str]
) -> Chosen:
    """For each arm, label count and condition: seed -> the cell that counts, once every learning rate was tried."""
    tried: dict[tuple, list[Cell]] = {}
    for cell in wanted:
        if cell.arm is not None:
            tried.setdefault((cell.arm, cell.labels, cell.condition, cell.seed), []).append(cell)
    found: Chosen = {}
    for (arm, labels, condition, seed), group in tried.items():
        known = [(cell, outcomes[cell.key]) for cell in group if cell.key in outcomes]
        if known and all(cell.key in outcomes or cell.key in failed for cell in group):
            found.setdefault((arm, labels, condition), {})[seed] = max(known, key=lambda pair: validation(*pair))
    return found


def validation(cell: Cell, outcome: Outcome) -> float:
    """How good the tested weights are on validation, more is better; below everything where that is not known."""
    last = cell.experiment.method.hyperparameters.get("tested") == LAST
    value = outcome.last if last else outcome.best
    if not isfinite(value):
        return -inf
    return -value if ERROR in outcome.tests else value


def entry(chosen: Chosen, arm: int, column: Column) -> Entry:
    """One arm's scores in one column."""
    scores: dict[int, float] = {}
    rates: dict[float, int] = {}
    for seed, (cell, outcome) in chosen.get((arm, column.labels, column.condition), {}).items():
        if isfinite(value := score(outcome, column.metric)):
            scores[seed] = value
            if cell.rate is not None:
                rates[cell.rate] = rates.get(cell.rate, 0) + 1
    return Entry(scores, rates)


def score(outcome: Outcome, metric: str) -> float:
    """The figure of one test set, NaN where it is not known."""
    if metric != MEAN:
        return outcome.tests.get(metric, nan)
    further = [value for name, value in outcome.tests.items() if name.startswith(f"{TEST}, ")]
    return sum(further) / len(further) if further else nan


@dataclass(frozen=True)
class Lead:
    """The best arm of a column against the next. difference: how far it is ahead, paired over their shared seeds, None
    without one."""

    first: int
    second: int
    difference: Interval | None

    @property
    def sure(self) -> bool:
        return self.difference is not None and self.difference.value > 0 and self.difference.excludes_zero()


def lead(entries: Sequence[Entry], metric: str = TEST) -> Lead | None:
    """Who leads in a column of this metric; None while fewer than two arms have a score."""
    sign = 1 if lower_is_better(metric) else -1
    known = [(found.value, place) for place, one in enumerate(entries) if (found := one.interval) is not None]
    if len(known) < 2:
        return None
    first, second = (place for _, place in sorted(known, key=lambda pair: (sign * pair[0], pair[1]))[:2])
    return Lead(first, second, paired(entries[first], entries[second], metric))


def paired(first: Entry, second: Entry, metric: str = TEST) -> Interval | None:
    """How far the first is ahead of the second, over the seeds that both have; see `seed_gaps`."""
    found = seed_gaps(first, second, metric)
    return mean_interval(found.values()) if found else None


def seed_gaps(first: Entry, second: Entry, metric: str) -> dict[int, float]:
    """Seed -> first minus second, or second minus first of an error: positive where the first is the better one."""
    ahead, behind = (second, first) if lower_is_better(metric) else (first, second)
    shared = sorted(set(first.scores) & set(second.scores))
    return {seed: ahead.scores[seed] - behind.scores[seed] for seed in shared}


def mark_best(entries: Sequence[Entry], table: list[list[Entry]], column: int, metric: str) -> None:
    """Say in the table that an arm is best in a column, if it surely is."""
    found = lead(entries, metric)
    if found is not None and found.sure:
        old = entries[found.first]
        table[found.first][column] = Entry(old.scores, old.rates, True)


def answers(table: StudyTable) -> list[str]:
    """One sentence per column: which arm is best there and by how much, or that it is too close to call."""
    return [said for number in shown_columns(table) if (said := answer(table, number))]


def shown_columns(table: StudyTable) -> Iterable[int]:
    """Every column but the single further test sets, which the mean stands for."""
    has_mean = len(table.study.dataset.tested_on) > 1
    return (n for n, column in enumerate(table.columns) if not has_mean or column.metric in (TEST, MEAN))


def answer(table: StudyTable, number: int) -> str:
    """ "noise 5: First block is best, 8.0 points above All layers (95 % interval 3.1 to 12.9, 5 seeds)." """
    column = table.columns[number]
    found = lead([row[number] for row in table.entries], column.metric)
    if found is None or found.difference is None:
        return ""
    first, second = (table.study.arms[place].title for place in (found.first, found.second))
    gap, metric = found.difference, column.metric
    place = f"{column.title[:1].upper()}{column.title[1:]}: "
    basis = f"{interval_text(gap, metric)}, {count(gap.n, 'seeds')}" if gap.known else count(gap.n, "seeds")
    if found.sure:
        side = "below" if lower_is_better(metric) else "above"
        return f"{place}{first} is best, {points(gap.value, metric)} {side} {second} ({basis})."
    if gap.value == 0:
        return f"{place}{first} and {second} are equal ({basis})."
    return f"{place}too close to call between {first} and {second}, {points(abs(gap.value), metric)} apart ({basis})."
