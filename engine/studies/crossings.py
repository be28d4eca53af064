"""Where one arm of a study overtakes another as the labels grow: interpolated on the logarithm of the label count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import exp, log, nan
from statistics import fmean

import numpy as np

from engine.comparison.crossed import ENOUGH_SEEDS, of_seeds
from engine.comparison.intervals import Interval
from engine.comparison.verdict import verdict
from engine.comparison.wording import count, number
from engine.data.shifts import condition_words
from engine.studies.study import Condition
from engine.studies.table import StudyTable, arm_words, seed_gaps

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Crossing:
    """before: the arm that is ahead with fewer labels, after: with more. name: of the test set's figures. labels: where
    the arms are equal.

    The interval of `labels` is over seeds, on the logarithm, and only known when three or more seeds cross, each
    exactly once; then the value is their geometric mean, else where the mean curves cross. each: every seed crosses
    once. clear: on both sides there is a verdict at the nearest label counts.
    """

    before: int
    after: int
    condition: Condition
    name: str
    labels: Interval
    each: bool
    clear: bool


def crossings(table: StudyTable) -> list[Crossing]:
    """Every crossing of two mean curves, by condition and test set."""
    kinds = dict.fromkeys((column.condition, column.name) for column in table.columns)
    pairs = list(combinations(range(len(table.study.arms)), 2))
    return [found for kind in kinds for first, second in pairs for found in of_pair(table, first, second, *kind)]


def of_pair(table: StudyTable, first: int, second: int, condition: Condition, name: str) -> list[Crossing]:
    """Where two arms change places on one test set."""
    gaps = differences(table, first, second, condition, name)
    mean = [(labels, fmean(by_seed.values())) for labels, (_, by_seed) in gaps.items()]
    found = sign_changes(mean)
    return [
        Crossing(
            first if falls else second, second if falls else first, condition, name,
            *over_seeds(gaps, labels, only=len(found) == 1), is_clear(gaps, labels),
        )
        for labels, falls in found
    ]  # fmt: skip


Gaps = Mapping[int, tuple[bool, Mapping[int, float]]]


def differences(table: StudyTable, first: int, second: int, condition: Condition, name: str) -> Gaps:
    """Label count -> (whether one is better, how far the first arm is ahead of the second by seed), by rising count."""
    found = {}
    for place, column in enumerate(table.columns):
        if column.labels is None or (column.condition, column.name) != (condition, name):
            continue
        one, other = table.entries[first][place], table.entries[second][place]
        if by_seed := seed_gaps(one, other, table.metric):
            found[column.labels] = verdict(one.arm, other.arm).sure, by_seed
    return dict(sorted(found.items()))


def sign_changes(curve: Points) -> list[tuple[float, bool]]:
    """(x, falls) wherever a curve of (x, y) with rising x changes its sign, linear in log x; zeros alone are none."""
    known = [(x, y) for x, y in curve if y != 0]
    changes = []
    for (x0, y0), (x1, y1) in pairwise(known):
        if (y0 > 0) != (y1 > 0):
            zeros = [x for x, y in curve if x0 < x < x1 and y == 0]
            changes.append((middle(zeros) if zeros else between(x0, y0, x1, y1), y0 > 0))
    return changes


def middle(zeros: Sequence[float]) -> float:
    """Halfway, on the logarithm, between the first and the last label count at which both are equal."""
    return exp((log(zeros[0]) + log(zeros[-1])) / 2)


def between(x0: float, y0: float, x1: float, y1: float) -> float:
    return exp(log(x0) + (log(x1) - log(x0)) * y0 / (y0 - y1))


def over_seeds(gaps: Gaps, labels: float, only: bool) -> tuple[Interval, bool]:
    """The crossing with Student's interval over seeds where each of them crosses exactly once, else without one; and
    whether each does."""
    seeds = set.intersection(*(set(by_seed) for _, by_seed in gaps.values()))
    each = [sign_changes([(n, by_seed[seed]) for n, (_, by_seed) in gaps.items()]) for seed in sorted(seeds)]
    if not only or not seeds or any(len(found) != 1 for found in each):
        return Interval(labels, nan, nan, len(seeds)), False
    found = of_seeds(np.log([changes[0][0] for changes in each])).interval()
    if len(seeds) < ENOUGH_SEEDS:
        return Interval(exp(found.value), nan, nan, found.n), True
    return Interval(exp(found.value), exp(found.low), exp(found.high), found.n), True


def is_clear(gaps: Gaps, labels: float) -> bool:
    """True when both the last label count before and the first after the crossing show a difference."""
    before = [sure for n, (sure, _) in gaps.items() if n < labels]
    after = [sure for n, (sure, _) in gaps.items() if n > labels]
    return bool(before and after) and before[-1] and after[0]


def sentence(table: StudyTable, crossing: Crossing) -> str:
    """ "LP-FT overtakes Linear probe at 8.2 labels per class (95 % interval 6.0 to 11.3, 5 seeds)." """
    sides = crossing.before, crossing.after
    before, after = (arm_words(table.study, place, table.entries[place]) for place in sides)
    found = crossing.labels
    where = f"{condition_words(crossing.condition)}: " if len(table.study.conditions) > 1 else ""
    where = f"{where[:1].upper()}{where[1:]}"
    about = number(found.value, 1 if found.value < 10 else 0)
    seeds = count(found.n, "seeds")
    if found.known:
        basis = f"95 % interval {number(found.low)} to {number(found.high)}, {seeds}"
    elif crossing.each:
        basis = f"{seeds}, too few for an interval" if found.n < ENOUGH_SEEDS else f"the same for {seeds}"
    else:
        basis = f"where the means over {seeds} cross; single seeds do not each cross once"
    doubt = "" if crossing.clear else " Beside it the two cannot be told apart with certainty."
    units = "{}s per {}".format(*table.study.target.labels)
    return f"{where}{after} overtakes {before} at {about} {units} ({basis}).{doubt}"
