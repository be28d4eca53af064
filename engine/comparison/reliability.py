"""How far probabilities can be believed: of the images that were answered with 90 %, are nine of ten right?

The expected calibration error over 15 bins of equal width (Guo et al. 2017, On Calibration of Modern Neural Networks,
arXiv 1706.04599). Its interval is the basic bootstrap's: chance makes the error of a sample too large, and that of a
sample drawn from the sample by as much again; the interval turns the second back on the first. It begins at 0 where
probabilities that are right would give as large an error by chance (Bröcker and Smith 2007, doi 10.1175/WAF993.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.comparison.intervals import Interval

BINS, DRAWS, TOGETHER = 15, 1_000, 50
PROTOCOL = f"{BINS} bins of equal width; 95 % basic bootstrap over examples, {DRAWS:,} draws"
TASKS = "fitted on"  # among the conditions of what was measured on tasks: on which, in words
Shares = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reliability:
    """By bin of confidence, the lowest first, [15] each: counts of images, mean confidence, share that is right (0
    where there is no image). error: the expected calibration error. chance: what probabilities that are right come
    to in 95 of 100 such samples at most."""

    counts: Counts
    confidence: Shares
    right: Shares
    error: Interval
    chance: float

    def told(self) -> dict[str, Any]:
        """As plain data."""
        parts = {"counts": self.counts, "confidence": self.confidence, "right": self.right}
        return {key: value.tolist() for key, value in parts.items()} | {
            "error": told(self.error),
            "chance": self.chance,
        }

    @classmethod
    def heard(cls, said: Mapping[str, Any]) -> Reliability:
        """Raises `ValueError`, `LookupError` or `TypeError` for anything but what `told` gave."""
        counts = np.array(said["counts"], np.int64)
        confidence, right = (np.array(said[key], np.float64) for key in ("confidence", "right"))
        if not counts.shape == confidence.shape == right.shape == (BINS,):
            raise ValueError("not as many bins as there are")
        return cls(counts, confidence, right, heard(said["error"]), float(said["chance"]))


def told(interval: Interval) -> list[float]:
    return [interval.value, interval.low, interval.high, interval.n]


def heard(said: Sequence[float]) -> Interval:
    value, low, high, n = said
    return Interval(float(value), float(low), float(high), int(n))


@dataclass(frozen=True, eq=False)
class Answered:
    """Of each image [n]: how sure the answer was (0..1), whether it was right, and the bin that this falls into. tasks:
    int64 [n], the number of the task of each, where those of a task hang together and are drawn together."""

    confidence: Shares
    right: NDArray[np.bool_]
    tasks: Counts | None = None

    @classmethod
    def of(cls, probabilities: NDArray[np.floating], truth: Counts, tasks: Counts | None = None) -> Answered:
        """probabilities [n, classes]; truth [n]."""
        return cls(probabilities.max(1).astype(np.float64), probabilities.argmax(1) == truth, tasks)

    def __len__(self) -> int:
        return len(self.right)

    @property
    def bins(self) -> Counts:
        """A bin has its upper end: 1/15 lies in the first."""
        return np.clip(np.ceil(self.confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)

    @property
    def membership(self) -> Shares:
        """[n, 15]: 1 where an image is in a bin."""
        return np.eye(BINS)[self.bins]

    @property
    def excess(self) -> Shares:
        """How much more sure than right each answer was [n]."""
        return self.confidence - self.right

    def error(self) -> float:
        """The expected calibration error."""
        return float(np.abs(self.excess @ self.membership).sum() / len(self))

    def redrawn(self) -> Shares:
        """The error of samples drawn from these images or tasks, [draws]; the same draws for as many."""
        gaps = self.excess[:, None] * self.membership
        if self.tasks is not None:
            each = np.zeros((int(self.tasks.max()) + 1, BINS))
            np.add.at(each, self.tasks, gaps)
            gaps = each
        return np.concatenate([np.abs(drawn @ gaps).sum(1) for drawn in draws(len(gaps))]) / len(self)

    def by_chance(self) -> Shares:
        """The error of such images if each were right as often as was said, [draws]."""
        rng, found = np.random.default_rng(1), []
        for _ in range(DRAWS // TOGETHER):
            right = rng.random((TOGETHER, len(self))) < self.confidence
            found.append(np.abs((self.confidence - right) @ self.membership).sum(1))
        return np.concatenate(found) / len(self)


def reliability(answered: Answered) -> Reliability:
    """Raises `ValueError` where nothing was answered."""
    if not len(answered):
        raise ValueError("no image was answered")
    counts = np.bincount(answered.bins, minlength=BINS)
    many = np.maximum(counts, 1)
    confidence, right = (
        np.bincount(answered.bins, values, minlength=BINS) / many for values in (answered.confidence, answered.right)
    )
    error, chance = basic(answered.error(), answered.redrawn(), len(answered)), quantile(answered.by_chance(), 0.95)
    if error.value <= chance:
        error = replace(error, low=0.0)
    return Reliability(counts.astype(np.int64), confidence, right, error.within(0.0, 1.0), chance)


def lowered(before: Answered, after: Answered) -> Interval:
    """How much smaller the error of the same images became; below 0 where it grew. The same draws for both."""
    return basic(before.error() - after.error(), before.redrawn() - after.redrawn(), len(before))


def basic(value: float, drawn: Shares, n: int) -> Interval:
    """The basic bootstrap interval, with the value itself in it."""
    low, high = 2 * value - quantile(drawn, 0.975), 2 * value - quantile(drawn, 0.025)
    return Interval(value, min(low, value), max(high, value), n)


def quantile(values: Shares, share: float) -> float:
    return float(np.quantile(values, share))


def draws(count: int) -> Iterator[Shares]:
    """How often each of `count` images is drawn [together, n], some draws after others; the same every time."""
    rng, own = np.random.default_rng(0), count * np.arange(TOGETHER)[:, None]
    for _ in range(DRAWS // TOGETHER):
        places = own + rng.integers(0, count, (TOGETHER, count))
        yield np.bincount(places.ravel(), minlength=TOGETHER * count).reshape(TOGETHER, count).astype(np.float64)
