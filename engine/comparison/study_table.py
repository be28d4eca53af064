"""What a study has found so far: arm by column, mean over seeds with its interval, and which arm is best where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan

from engine.comparison.intervals import Interval, mean_interval
from engine.comparison.wording import count, interval_text, points
from engine.study import Condition, Study, condition_words, labels_words
from engine.study_cells import Cell, cells

TEST = "test/accuracy"
MEAN = "test/accuracy, mean over shifts"  # of the further test sets
LAST = "last epoch"


@dataclass(frozen=True)
class Outcome:
    """What the run of one cell found. tests: metric -> accuracy as a fraction. best, last: validation accuracy, NaN
    where there is none."""

    tests: Mapping[str, float]
    best: float = nan
    last: float = nan


@dataclass(frozen=True)
class Column:
    """One place of the table. metric: `TEST`, that of a further test set, or `MEAN` over those."""

    labels: int | None
    condition: Condition
    metric: str
    title: str


@dataclass(frozen=True)
class Entry:
    """One arm in one column. scores: seed -> accuracy. rates: learning rate -> seeds that chose it. best: its lead over
    the next arm excludes zero, paired over seeds."""

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
        mark_best([row[number] for row in plain], plain, number)
    done = sum(cell.key in outcomes for cell in wanted)
    return StudyTable(study, places, tuple(map(tuple, plain)), done, len(wanted))


def columns(study: Study) -> tuple[Column, ...]:
    """Label count by condition, and there the test images themselves, the further test sets and the mean over those."""
    return tuple(
        Column(labels, condition, metric, ", ".join(filter(None, (labels_part, where, words))) or "test accuracy")
        for labels in study.labels
        for condition in study.conditions
        for metric, words in metrics(study)
        for labels_part in [labels_words(labels) if len(study.labels) > 1 else ""]
        for where in [condition_words(condition) if len(study.conditions) > 1 else ""]
    )


def metrics(study: Study) -> list[tuple[str, str]]:
    """(metric, words) of every test set of a run."""
    further = [(f"{TEST}, {condition_words(shift)}", condition_words(shift)) for shift in study.dataset.tested_on]
    mean = [(MEAN, "mean out of distribution")] if len(further) > 1 else []
    return [(TEST, "in distribution" if further else ""), *mean, *further]


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
    """The validation accuracy of the weights that were tested; below everything where there is none."""
    last = cell.experiment.method.hyperparameters.get("tested") == LAST
    value = outcome.last if last else outcome.best
    return value if isfinite(value) else -1.0


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
    """The accuracy on one test set, NaN where it is not known."""
    if metric != MEAN:
        return outcome.tests.get(metric, nan)
    further = [value for name, value in outcome.tests.items() if name.startswith(f"{TEST}, ")]
    return sum(further) / len(further) if further else nan


@dataclass(frozen=True)
class Lead:
    """The best arm of a column against the next. difference: paired over their shared seeds, None without one."""

    first: int
    second: int
    difference: Interval | None

    @property
    def sure(self) -> bool:
        return self.difference is not None and self.difference.value > 0 and self.difference.excludes_zero()


def lead(entries: Sequence[Entry]) -> Lead | None:
    """Who leads in a column; None while fewer than two arms have a score."""
    known = [(found.value, place) for place, one in enumerate(entries) if (found := one.interval) is not None]
    if len(known) < 2:
        return None
    first, second = (place for _, place in sorted(known, key=lambda pair: (-pair[0], pair[1]))[:2])
    return Lead(first, second, paired(entries[first], entries[second]))


def paired(first: Entry, second: Entry) -> Interval | None:
    """first minus second over the seeds that both have."""
    shared = sorted(set(first.scores) & set(second.scores))
    return mean_interval(first.scores[seed] - second.scores[seed] for seed in shared) if shared else None


def mark_best(entries: Sequence[Entry], table: list[list[Entry]], column: int) -> None:
    """Say in the table that an arm is best in a column, if it surely is."""
    found = lead(entries)
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
    found = lead([row[number] for row in table.entries])
    if found is None or found.difference is None:
        return ""
    first, second = (table.study.arms[place].title for place in (found.first, found.second))
    column, gap = table.columns[number], found.difference
    place = f"{column.title[:1].upper()}{column.title[1:]}: "
    basis = f"{interval_text(gap)}, {count(gap.n, 'seeds')}" if gap.known else count(gap.n, "seeds")
    if found.sure:
        return f"{place}{first} is best, {points(gap.value)} above {second} ({basis})."
    if gap.value == 0:
        return f"{place}{first} and {second} are equal ({basis})."
    return f"{place}too close to call between {first} and {second}, {points(abs(gap.value))} apart ({basis})."
