"""The loss along a line between two networks, and how far it rises above the straight one. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from engine.comparison.intervals import NORMAL_975, SMALLEST, Interval

PARTS = ("train", "test")
LEVEL = 0.02  # of the error: what Frankle et al. (2020, arXiv 1912.05671) count as none where seeds tell nothing else
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Barrier:
    """How far a figure rises above the straight line between two ends, at its highest. height: with a 95 % interval
    over the images there; 0 where it never rises, up to the highest limit of any point between. at: alpha of that
    place, NaN of none. there, straight: the figure and the line's."""

    height: Interval
    at: float
    there: float
    straight: float

    @property
    def none(self) -> bool:
        return self.height.value == 0


@dataclass(frozen=True, eq=False)
class LossLine:
    """theta(alpha) = (1 - alpha) first + alpha second. alphas: [p], rising, with 0 and 1 among them. losses, right: by
    part ("train", "test"), cross-entropy and 1 or 0 of each image [p, n], NaN where a point is not known yet. distance:
    length of the difference of the two networks' weights; sizes: theirs. images: what they are, in words. averaged:
    batch-norm layers whose statistics are averaged at every point."""

    titles: tuple[str, str]
    alphas: Values
    losses: Mapping[str, Values]
    right: Mapping[str, Values]
    distance: float
    sizes: tuple[float, float]
    images: str
    averaged: int

    @property
    def known(self) -> NDArray[np.bool_]:
        """[p]."""
        found: NDArray[np.bool_] = np.isfinite(self.right["test"][:, 0])
        return found

    @property
    def done(self) -> bool:
        return bool(self.known.all())

    def loss(self, part: str) -> Values:
        """[p], mean over the images."""
        found: Values = self.losses[part].mean(1)
        return found

    def accuracy(self, part: str) -> Values:
        """[p]."""
        found: Values = self.right[part].mean(1)
        return found

    def loss_barrier(self, part: str) -> Barrier:
        return barrier(self.alphas, self.losses[part])

    def error_barrier(self, part: str) -> Barrier:
        return barrier(self.alphas, 1 - self.right[part], share=True)


def barrier(alphas: Values, values: Values, share: bool = False) -> Barrier:
    """max over alpha in 0 .. 1 of L(alpha) - (1 - alpha) L(0) - alpha L(1), 0 where that is negative, of the points
    that are known; L the mean over the images. values: [p, n]; share: each is 0 or 1. Without both ends and a point
    between them nothing is known, and all is NaN."""
    first, last = (int(np.argmin(np.abs(alphas - end))) for end in (0.0, 1.0))
    straight = np.outer(1 - alphas, values[first]) + np.outer(alphas, values[last])
    rises = values - straight
    between = [place for place in range(first + 1, last) if np.isfinite(rises[place]).all()]
    if not between:
        return Barrier(Interval(nan, nan, nan, values.shape[1]), nan, nan, nan)
    place = max(between, key=lambda one: float(rises[one].mean()))
    found = _mean(rises[place], share)
    if found.value <= SMALLEST * max(1.0, float(np.abs(straight).max())):
        high = max(_mean(rises[one], share).high for one in between)
        return Barrier(Interval(0.0, 0.0, max(0.0, high), found.n), nan, nan, nan)
    return Barrier(found, float(alphas[place]), float(values[place].mean()), float(straight[place].mean()))


def _mean(rises: Values, share: bool) -> Interval:
    """Of the images' rises [n], 95 %. Of shares one image is added that rises by 1 and one that falls by 1, as Bonett
    and Price (2012) do, so that images that all stay as they are prove nothing exactly."""
    n, value = len(rises), float(rises.mean())
    if share:
        more = np.append(rises, [1.0, -1.0])
        centre, half = float(more.mean()), NORMAL_975 * float(more.std()) / sqrt(n + 2)
        return Interval(value, centre - half, centre + half, n)
    half = NORMAL_975 * float(rises.std(ddof=1)) / sqrt(n) if n > 1 else nan
    return Interval(value, value - half, value + half, n)
