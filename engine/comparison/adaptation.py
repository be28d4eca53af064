"""Curves of a meta-test: its figures over inner steps, shots or hardness, of one run or as a mean over seeds.

Over hardness: how a figure falls from the easiest to the hardest episodes (Dhillon et al. 2020, arXiv 1909.02729).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from engine import metrics
from engine.comparison.arms import Arm
from engine.comparison.intervals import Interval, episode_interval
from engine.comparison.wording import with_interval
from engine.events import Evaluated
from engine.metrics import SHOTS, STEPS

HARDNESS = "hardness"
OVER = (STEPS, SHOTS, HARDNESS)
PARTS = 5  # of about as many episodes each, from the easiest to the hardest
LEAST = 20  # episodes, for a curve to say anything


@dataclass(frozen=True, eq=False)
class AdaptationCurve:
    """x: float64 [n] inner steps, shots or hardness, rising; y and the edges of its 95 % interval: float64 [n]. own:
    the x of the run's own test, -1 where it is all of them. basis: what the interval speaks about, "over seeds" or
    "over test episodes"."""

    over: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    own: int
    basis: str


def is_further(result: Evaluated) -> bool:
    """True for a figure that belongs to a curve, not to the run's own test."""
    return STEPS in result.at or SHOTS in result.at


def curve(results: Iterable[Evaluated], over: str) -> AdaptationCurve | None:
    """Of one run; None where it was tested at one place only."""
    if over == HARDNESS:
        return hardness_curve({0: tuple(results)})
    found = points(results, over)
    if found is None:
        return None
    own, places = found
    intervals = {x: Interval(f.value, f.low, f.high, f.n) for x, f in places.items()}
    return _curve(over, intervals, own, "over test episodes")


def mean_curve(runs: Mapping[int, Sequence[Evaluated]], over: str) -> AdaptationCurve | None:
    """Over seeds: seed -> the figures of its run. Places that not every seed was tested at are left out."""
    if over == HARDNESS:
        return hardness_curve(runs)
    each = {seed: found for seed, results in runs.items() if (found := points(results, over)) is not None}
    if len(each) < 2:
        return curve(next((runs[seed] for seed in each), ()), over)
    shared = set.intersection(*(set(places) for _, places in each.values()))
    if len(shared) < 2:
        return None
    arms = {x: _arm({seed: places[x] for seed, (_, places) in each.items()}) for x in shared}
    intervals = {x: interval for x, one in arms.items() if (interval := one.interval) is not None}
    bases = {one.basis.removeprefix("interval ") for one in arms.values()}
    basis = bases.pop() if len(bases) == 1 else "over seeds"
    return _curve(over, intervals, next(iter(each.values()))[0], basis) if len(intervals) > 1 else None


def _arm(figures: Mapping[int, Evaluated]) -> Arm:
    """The figures of one place by seed."""
    scores = {seed: figure.value for seed, figure in figures.items() if isfinite(figure.value)}
    items = {seed: (np.arange(len(found)), found) for seed in scores if (found := figures[seed].scores) is not None}
    return Arm("", scores, items, {"metric": next(iter(figures.values())).metric}, "episodes")


def _curve(over: str, intervals: Mapping[int, Interval], own: int, basis: str) -> AdaptationCurve:
    order = sorted(intervals)
    return _drawn(over, np.array(order, dtype=np.float64), [intervals[x] for x in order], own, basis)


def _drawn(over: str, x: np.ndarray, intervals: Sequence[Interval], own: int, basis: str) -> AdaptationCurve:
    y, low, high = np.array([[one.value, one.low, one.high] for one in intervals]).T
    return AdaptationCurve(over, x, y, low, high, own, basis)


def points(results: Iterable[Evaluated], over: str) -> tuple[int, dict[int, Evaluated]] | None:
    """(the test's own place, place -> figure); None without at least two places."""
    own: int | None = None
    found: dict[int, Evaluated] = {}
    for place, figure in enumerate(results):
        if not place and over in figure.notes:
            own = int(figure.notes[over])
            found[own] = figure
        elif over in figure.at:
            found[int(figure.at[over])] = figure
    return (own, found) if own is not None and len(found) > 1 else None


def over_episodes(results: Sequence[Evaluated]) -> Interval | None:
    """The interval over test episodes of the mean over seeds; None where the seeds did not meet the same number of
    episodes, or were tested on images."""
    scores = [result.scores for result in results if result.scores is not None and len(result.scores)]
    if not scores or len(scores) < len(results) or len({len(one) for one in scores}) > 1:
        return None
    return episode_interval(np.mean(scores, axis=0)).within(*metrics.of(results[0].metric).limits)


def over_episodes_words(results: Sequence[Evaluated]) -> list[str]:
    """["over episodes 95.2 ± 0.4 %"] of several seeds' figures; none for one seed, whose figure has that interval
    already, and where the test was on images."""
    found = over_episodes(results) if len(results) > 1 and results[0].unit == "episodes" else None
    return [] if found is None else [f"over episodes {with_interval(found, results[0].metric)}"]


def hardness_curve(runs: Mapping[int, Sequence[Evaluated]]) -> AdaptationCurve | None:
    """The figure in each fifth of the episodes, at their mean hardness; seed -> the figures of its run. Seeds that met
    the same episodes count with their mean in each. None with few episodes, or where all are equally hard."""
    tested = [own for results in runs.values() if (own := _own(results)) is not None]
    if not tested:
        return None
    hard, scores = _together(tested)
    parts = fifths(hard)
    if len(hard) < LEAST or len(parts) < 2:
        return None
    limits = metrics.of(next(iter(runs.values()))[0].metric).limits
    found = [episode_interval(scores[part]).within(*limits) for part in parts]
    x = np.array([hard[part].mean() for part in parts])
    return _drawn(HARDNESS, x, found, -1, "over test episodes")


def fifths(hard: np.ndarray) -> list[np.ndarray]:
    """Positions in hard [episodes], easiest first, in at most `PARTS` parts; equally hard ones stay together."""
    order = np.argsort(hard, kind="stable")
    rising = hard[order]
    last = [rising[max(0, len(hard) * part // PARTS - 1)] for part in range(1, PARTS)]
    parts: list[np.ndarray] = []
    for part in np.split(order, np.unique(np.searchsorted(rising, last, side="right"))):
        if parts and len(part) == 1:  # has no interval of its own
            parts[-1] = np.concatenate([parts[-1], part])
        elif len(part):
            parts.append(part)
    return parts


def _own(results: Sequence[Evaluated]) -> tuple[np.ndarray, np.ndarray] | None:
    """Hardness and score of each episode of the run's own test."""
    hard, scores = (results[0].hardness, results[0].scores) if results else (None, None)
    return None if hard is None or scores is None or len(hard) != len(scores) else (hard, scores)


def _together(tested: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    first = tested[0][0]
    if all(np.array_equal(hard, first) for hard, _ in tested):
        return first, np.mean([scores for _, scores in tested], axis=0)
    return np.concatenate([hard for hard, _ in tested]), np.concatenate([scores for _, scores in tested])
