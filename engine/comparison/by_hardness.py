"""How a figure falls with the hardness of the test episodes (Dhillon et al. 2020, arXiv 1909.02729, report it so)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine import metrics
from engine.comparison.adaptation_curve import AdaptationCurve
from engine.comparison.intervals import episode_interval
from engine.events import Evaluated

HARDNESS = "hardness"
PARTS = 5  # of about as many episodes each, from the easiest to the hardest
LEAST = 20  # episodes, for a curve to say anything


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
    y, low, high = (np.array([getattr(one, name) for one in found]) for name in ("value", "low", "high"))
    return AdaptationCurve(HARDNESS, x, y, low, high, -1, "over test episodes")


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
