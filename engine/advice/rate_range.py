"""What a learning-rate range test measured, and the rate it suggests. Torch-free: the window draws it.

Smith 2017 (arXiv 1506.01186). Ends and stopping rule as in fastai's `lr_find`; its smoothing of 0.98 lags a decade
behind when there are 100 steps, so that the mean here is shorter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.comparison.wording import compact

LOWEST, HIGHEST, STEPS = 1e-7, 10.0, 100
SMOOTHING = 0.9  # share of the running mean that is kept at each step
DIVERGED = 4.0  # times the lowest loss so far: the test ends
LEAST_FALL = 0.02  # of the loss at the beginning; a smaller fall says nothing
HALF_WINDOW = 4  # steps, about a third of a decade
NOISY_ENDS = 10  # first steps, whose running mean is still of few losses


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One step at a rate. loss: as measured on its batch. smoothed: running mean up to this step."""

    rate: float
    loss: float
    smoothed: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """rate: None when the test says nothing. reason: in words."""

    rate: float | None
    reason: str


def rate_at(step: int) -> float:
    """The rate of a step, 0 to 99: from 1e-7 to 10 by equal ratios."""
    return LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1))


class RunningMean:
    """Exponential mean with its start corrected, so that the first value is the first loss."""

    def __init__(self) -> None:
        self._mean, self._count = 0.0, 0

    def add(self, value: float) -> float:
        self._mean = SMOOTHING * self._mean + (1 - SMOOTHING) * value
        self._count += 1
        return self._mean / (1 - SMOOTHING**self._count)


def suggest(points: Sequence[RatePoint]) -> Suggestion:
    """The rate where the loss falls fastest, or a tenth of that with the lowest loss, whichever is smaller."""
    if len(points) <= NOISY_ENDS:
        return Suggestion(None, "The test ended too early to say anything.")
    losses = [point.smoothed for point in points]
    lowest = min(range(NOISY_ENDS, len(points)), key=lambda place: losses[place])
    start = sum(losses[:NOISY_ENDS]) / NOISY_ENDS
    if start - losses[lowest] < LEAST_FALL * abs(start):
        return Suggestion(None, "The loss hardly falls at any rate: keep the usual value, or search for the best one.")
    steepest = min(range(NOISY_ENDS, lowest + 1), key=lambda place: _slope(points, place))
    tenth = points[lowest].rate / 10
    fastest = points[steepest].rate
    rate = min(fastest, tenth)
    reason = (
        f"The loss falls fastest at {compact(fastest, 2)} and is lowest at {compact(points[lowest].rate, 2)}, "
        f"a tenth of which is {compact(tenth, 2)}. The smaller of the two is the safer one."
    )
    return Suggestion(float(f"{rate:.2g}"), reason)


def _slope(points: Sequence[RatePoint], place: int) -> float:
    """Change of the smoothed loss per decade, over four steps before and four after."""
    before, after = points[max(0, place - HALF_WINDOW)], points[min(place + HALF_WINDOW, len(points) - 1)]
    span = math.log10(after.rate / before.rate)
    return (after.smoothed - before.smoothed) / span if span > 0 else 0.0
