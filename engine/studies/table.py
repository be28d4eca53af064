"""What a study has found so far: arm by column, mean over seeds with its interval, and which arm is best where.

A study is about what its runs are known by: errors, of which the smallest is the best, accuracies, or another metric.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite, nan

import numpy as np

from engine.comparison.arms import Arm, Items
from engine.comparison.intervals import Interval
from engine.comparison.verdict import Verdict, verdicts
from engine.comparison.verdict_words import corrected
from engine.comparison.wording import MARK, lower_is_better, points
from engine.families import MULTITASK, family
from engine.metrics import SOURCE, named
from engine.multitask.titles import BEFORE
from engine.studies.cells import Cell, cells, task_titles
from engine.studies.columns import MEAN, StudyColumn, columns, figure_of, further_tests
from engine.studies.study import Condition, Study

LAST = "last epoch"
BEST = "best: better than the next arm, corrected for all columns together"


@dataclass(frozen=True)
class CellOutcome:
    """What the run of one cell found. tests: name of a figure -> figure, first the one that the run is known by. best,
    last: on validation, of the metric `watched`, NaN where there is none. items: name of a figure -> what each test
    item got, where that was kept; unit: what the items are. caveats: what a reader must know of its figures."""

    tests: Mapping[str, float]
    best: float = nan
    last: float = nan
    watched: str = ""
    items: Mapping[str, Items] = field(default_factory=dict)
    unit: str = "images"
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyEntry:
    """One arm in one column. arm: its scores by seed. rates: learning rate -> seeds that chose it. best: better than
    the next arm of the column, see `engine.comparison.verdict`. caveats: of any of its runs. unasked: its runs have
    ended, and have no such figure."""

    arm: Arm
    rates: Mapping[float, int] = field(default_factory=dict)
    best: bool = False
    caveats: tuple[str, ...] = ()
    unasked: bool = False

    @property
    def scores(self) -> Mapping[int, float]:
        """Seed -> accuracy or error."""
        return self.arm.scores

    @property
    def interval(self) -> Interval | None:
        return self.arm.interval


@dataclass(frozen=True)
class Lead:
    """The best arm of a column against the next. difference: the verdict of the first against the second."""

    first: int
    second: int
    difference: Verdict


@dataclass(frozen=True)
class StudyTable:
    """entries[arm][column], arms in the study's order. metric: what it is about. leads: of each column, None while
    fewer than two arms have a score. done and total count runs, the source's included."""

    study: Study
    metric: str
    columns: tuple[StudyColumn, ...]
    entries: tuple[tuple[StudyEntry, ...], ...]
    leads: tuple[Lead | None, ...]
    done: int
    total: int

    @property
    def tasks(self) -> tuple[str, ...]:
        """What its tasks are called, where arms learn several."""
        return task_titles(self.study)


Chosen = dict[tuple[int, int | None, Condition], dict[int, tuple[Cell, CellOutcome]]]


def study_table(
    study: Study, outcomes: Mapping[str, CellOutcome], failed: Collection[str] = (), wanted: Sequence[Cell] = ()
) -> StudyTable:
    """The table from what is known. outcomes: by the key of the cell. failed: cells that ended without a result.

    wanted: the study's cells, where they are known already.
    """
    wanted = wanted or cells(study)
    chosen = chosen_rates(study, wanted, outcomes, failed)
    arms = (outcomes[cell.key] for cell in wanted if cell.arm is not None and cell.key in outcomes)
    known = (name for outcome in arms for name in outcome.tests)  # what is trained first may be known by another
    metric = next(known, study.target.metric)  # before any run has finished, what its tasks ask for
    places = columns(study, metric)
    plain = [[entry(chosen, study, arm, column) for column in places] for arm in range(len(study.arms))]
    found = leads(plain, places)
    for number, one in enumerate(found):
        if one is not None and one.difference.kind == "better":
            plain[one.first][number] = replace(plain[one.first][number], best=True)
    done = sum(cell.key in outcomes for cell in wanted)
    return StudyTable(study, metric, places, tuple(map(tuple, plain)), tuple(found), done, len(wanted))


def chosen_rates(
    study: Study, wanted: Sequence[Cell], outcomes: Mapping[str, CellOutcome], failed: Collection[str]
) -> Chosen:
    """For each arm, label count and condition: seed -> the cell that counts, once every learning rate was tried."""
    tried: dict[tuple[int, int | None, Condition, int], list[Cell]] = {}
    for cell in wanted:
        if cell.arm is not None:
            tried.setdefault((cell.arm, cell.labels, cell.condition, cell.seed), []).append(cell)
    found: Chosen = {}
    for (arm, labels, condition, seed), group in tried.items():
        known = [(cell, outcomes[cell.key]) for cell in group if cell.key in outcomes]
        if known and all(cell.key in outcomes or cell.key in failed for cell in group):
            found.setdefault((arm, labels, condition), {})[seed] = max(known, key=lambda pair: validation(*pair))
    return found


def validation(cell: Cell, outcome: CellOutcome) -> float:
    """How good the tested weights are on validation, more is better; below everything where that is not known."""
    asked = cell.experiment.method.hyperparameters.get("tested")
    last = asked == LAST or family(cell.experiment) is MULTITASK  # which keeps no better epoch
    value = outcome.last if last else outcome.best
    if not isfinite(value):
        return -inf
    return -value if lower_is_better(outcome.watched) else value


def entry(chosen: Chosen, study: Study, arm: int, column: StudyColumn) -> StudyEntry:
    """One arm's scores in one column."""
    scores: dict[int, float] = {}
    per_item: dict[int, Items] = {}
    rates: dict[float, int] = {}
    known: dict[str, None] = {}
    unit, further = "images", further_tests(study, column.metric)
    column, done = replace(column, name=figure_of(study, arm, column)), chosen.get(_place(arm, column), {})
    for seed, (cell, outcome) in done.items():
        if isfinite(value := score(outcome, column, further)):
            scores[seed], unit = value, outcome.unit
            known |= dict.fromkeys(outcome.caveats)
            if (items := item_scores(outcome, column, further)) is not None:
                per_item[seed] = items
            if cell.rate is not None:
                rates[cell.rate] = rates.get(cell.rate, 0) + 1
    return StudyEntry(
        Arm(study.arms[arm].title, scores, per_item, {"metric": column.metric}, unit), rates, caveats=tuple(known),
        unasked=bool(done) and not scores,
    )  # fmt: skip


def _place(arm: int, column: StudyColumn) -> tuple[int, int | None, Condition]:
    return arm, column.labels, column.condition


def score(outcome: CellOutcome, column: StudyColumn, further: Sequence[str]) -> float:
    """The figure of one test set, NaN where it is not known; of the mean over those that are known."""
    if column.name != named(column.metric, MEAN):
        return outcome.tests.get(column.name, nan)
    known = [outcome.tests[name] for name in further if name in outcome.tests]
    return sum(known) / len(known) if known else nan


def item_scores(outcome: CellOutcome, column: StudyColumn, further: Sequence[str]) -> Items | None:
    """What each test item got; of the mean over further test sets the mean, where all have the same items."""
    if column.name != named(column.metric, MEAN):
        return outcome.items.get(column.name)
    known = [name for name in further if name in outcome.tests]
    kept = [outcome.items[name] for name in known if name in outcome.items]
    if not kept or len(kept) < len(known):
        return None
    ids = kept[0][0]
    same = all(np.array_equal(other, ids) for other, _ in kept)
    return (ids, np.mean([got for _, got in kept], axis=0)) if same else None


def leads(table: Sequence[Sequence[StudyEntry]], places: Sequence[StudyColumn]) -> list[Lead | None]:
    """Who leads each column, as verdicts that are shown together."""
    now = [not column.name.endswith(BEFORE) for column in places]  # what was forgotten since is no arm's merit
    pairs = [
        best_pair([row[number] for row in table], column.metric) if now[number] else None
        for number, column in enumerate(places)
    ]
    known = [(number, *pair) for number, pair in enumerate(pairs) if pair is not None]
    found: list[Lead | None] = [None] * len(places)
    judged = verdicts([(table[first][number].arm, table[second][number].arm) for number, first, second in known])
    for (number, first, second), one in zip(known, judged, strict=True):
        found[number] = Lead(first, second, one)
    return found


def best_pair(entries: Sequence[StudyEntry], metric: str) -> tuple[int, int] | None:
    """The places of the two best means; None while fewer than two arms have a score."""
    sign = 1 if lower_is_better(metric) else -1
    known = sorted((sign * one.interval.value, place) for place, one in enumerate(entries) if one.interval is not None)
    return (known[0][1], known[1][1]) if len(known) > 1 else None


def seed_gaps(first: StudyEntry, second: StudyEntry, metric: str) -> dict[int, float]:
    """Seed -> first minus second, or second minus first of an error: positive where the first is the better one."""
    ahead, behind = (second, first) if lower_is_better(metric) else (first, second)
    shared = sorted(set(first.scores) & set(second.scores))
    return {seed: ahead.scores[seed] - behind.scores[seed] for seed in shared}


def answers(table: StudyTable) -> list[str]:
    """One sentence per column: which arm is best there and by how much, or that it is too close to call."""
    said = [said for number in shown_columns(table) if (said := answer(table, number))]
    together = max((lead.difference.together for lead in table.leads if lead is not None), default=0)
    return said + ([corrected(together)] if together > 1 else [])


def shown_columns(table: StudyTable) -> Iterable[int]:
    """Every column but the single further test sets, which the mean stands for."""
    has_mean = len(table.study.dataset.tested_on) > 1
    shown = {table.metric, named(table.metric, MEAN)}
    return (
        n for n, column in enumerate(table.columns)
        if not has_mean or column.name in shown or column.name.startswith(SOURCE)
    )  # fmt: skip


NOT_SURE = {
    "too close": "too close to call between",
    "too few": "two seeds are too few to call between",
    "one seed": "one seed cannot decide between",
}


def arm_words(study: Study, place: int, entries: Iterable[StudyEntry]) -> str:
    """An arm in a sentence about these entries of it: its title, with a mark where a reader must know more of them."""
    title = study.arms[place].title
    return f"{title} {MARK}" if any(entry.caveats for entry in entries) else title


def told_marks(table: StudyTable) -> list[str]:
    """ "⚠ TENT: transductive, …": what each mark stands for, and of which arms."""
    arms: dict[str, list[str]] = {}
    for arm, row in zip(table.study.arms, table.entries, strict=True):
        for words in dict.fromkeys(words for one in row for words in one.caveats):
            arms.setdefault(words, []).append(arm.title)
    return [f"{MARK} {', '.join(titles)}: {words}" for words, titles in arms.items()]


def answer(table: StudyTable, number: int) -> str:
    """ "noise 5: First block is best, 8.0 points above All layers (95 % interval 3.1 to 12.9, 5 seeds)." """
    column, found = table.columns[number], table.leads[number]
    if found is None or not found.difference.pairs:
        return ""
    first, second = (
        arm_words(table.study, place, [table.entries[place][number]]) for place in (found.first, found.second)
    )
    gap, lower = found.difference, lower_is_better(column.metric)
    place, by = f"{column.title[:1].upper()}{column.title[1:]}: ", points(abs(gap.difference), column.metric)
    if gap.kind == "better":
        return f"{place}{first} is best, {by} {'below' if lower else 'above'} {second} ({gap.basis})."
    if gap.difference == 0:
        return f"{place}{first} and {second} are equal ({gap.basis})."
    if gap.kind in NOT_SURE:
        return f"{place}{NOT_SURE[gap.kind]} {first} and {second}, {by} apart ({gap.basis})."
    return place + gap.sentence  # behind over the seeds that both have
