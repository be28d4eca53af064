"""The figures of a meta-test: mean and interval over tasks, median, and how many tasks diverged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from engine import metrics
from engine.comparison.intervals import episode_interval
from engine.data.target import NUMBERS, Target
from engine.events import Evaluated
from engine.metrics import STEPS

LARGEST_ERROR = 25.0  # squared error from which a task counts as diverged, and with which it enters the mean


def settled(scores: np.ndarray, target: Target) -> np.ndarray:
    """Scores [tasks] that a mean can be taken of: a diverged task counts as no answer right, or as an error of 25."""
    if target == NUMBERS:
        return np.minimum(np.nan_to_num(scores, nan=LARGEST_ERROR), LARGEST_ERROR)
    return np.nan_to_num(scores, nan=0.0)


def diverged(scores: np.ndarray, target: Target) -> int:
    """Tasks [tasks] on which adapting went wrong: not a number, or a squared error of 25 and more."""
    wrong = ~np.isfinite(scores)
    return int((wrong | (scores >= LARGEST_ERROR)).sum() if target == NUMBERS else wrong.sum())


def mean_score(scores: np.ndarray, target: Target) -> float:
    return float(settled(scores, target).mean())


def figure(scores: np.ndarray, target: Target, at: Mapping[str, str | int] = {}) -> Evaluated:
    """One figure over tasks [tasks]; the interval is 1.96 standard errors over tasks, as in the papers."""
    kept = settled(scores, target)
    found = episode_interval(kept).within(*metrics.of(target.metric).limits)
    notes: dict[str, str | float] = {
        "interval": "95 %, 1.96 standard errors over test episodes",
        "median": float(np.median(kept)),
        "diverged": f"{diverged(scores, target)} of {len(kept)}",
    }
    return Evaluated(
        target.metric, found.value, found.low, found.high, len(kept), "episodes", at, notes=notes, scores=kept
    )


def over_steps(scores: np.ndarray, own: int, target: Target) -> Iterator[Evaluated]:
    """scores [tasks, inner steps + 1]: the test's figure (after `own` steps) first, then each other number of steps."""
    last = scores.shape[1] - 1
    yield figure(scores[:, min(own, last)], target)
    for steps in range(last + 1 if last else 0):
        if steps != own:
            yield figure(scores[:, steps], target, {STEPS: steps}).given(notes={STEPS: steps})
