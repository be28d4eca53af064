"""The figures of a meta-test: mean and interval over tasks, median, and how many tasks diverged."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from engine.comparison.intervals import episode_interval
from engine.events import Evaluated

LARGEST_ERROR = 25.0  # squared error from which a task counts as diverged, and with which it enters the mean


def settled(scores: np.ndarray, regression: bool) -> np.ndarray:
    """Scores [tasks] that a mean can be taken of: a diverged task counts as no answer right, or as an error of 25."""
    if regression:
        return np.minimum(np.nan_to_num(scores, nan=LARGEST_ERROR), LARGEST_ERROR)
    return np.nan_to_num(scores, nan=0.0)


def diverged(scores: np.ndarray, regression: bool) -> int:
    """Tasks [tasks] on which adapting went wrong: not a number, or a squared error of 25 and more."""
    wrong = ~np.isfinite(scores)
    return int((wrong | (scores >= LARGEST_ERROR)).sum() if regression else wrong.sum())


def mean_score(scores: np.ndarray, regression: bool) -> float:
    return float(settled(scores, regression).mean())


def step_metric(base: str, steps: int) -> str:
    """Name of the figure after another number of inner steps than the test's own: "test/accuracy, 5 inner steps"."""
    return f"{base}, {steps} inner {'step' if steps == 1 else 'steps'}"


def shot_metric(base: str, shot: int) -> str:
    """Name of the figure at another number of shots than the test's own: "test/accuracy, 5-shot"."""
    return f"{base}, {shot}-shot"


def base_metric(regression: bool) -> str:
    return "test/error" if regression else "test/accuracy"


def figure(metric: str, scores: np.ndarray, regression: bool, said: Mapping[str, str]) -> Evaluated:
    """One figure over tasks [tasks]; the interval is 1.96 standard errors over tasks, as in the papers."""
    kept = settled(scores, regression)
    found = episode_interval(kept).within(0.0, math.inf if regression else 1.0)
    middle = float(np.median(kept))
    words = {
        "median": f"{middle:.3f}" if regression else f"{100 * middle:.1f} %",
        "diverged": f"{diverged(scores, regression)} of {len(kept)}",
    }
    return Evaluated(metric, found.value, found.low, found.high, len(kept), "episodes", {**said, **words}, scores=kept)


def over_steps(scores: np.ndarray, own: int, regression: bool, said: Mapping[str, str]) -> Iterator[Evaluated]:
    """scores [tasks, inner steps + 1]: the test's figure (after `own` steps) first, then each other number of steps."""
    base = base_metric(regression)
    last = scores.shape[1] - 1
    yield figure(base, scores[:, min(own, last)], regression, said)
    if last:
        for steps in range(last + 1):
            if steps != own:
                words = {**said, "inner steps": str(steps)}
                yield figure(step_metric(base, steps), scores[:, steps], regression, words)
