"""How unlike all that a network learnt an image or a text is, from where it is none of the classes, and how well
these are told from the others.

One less the cosine of its features with those of the nearest training image (Sun et al. 2022, Out-of-Distribution
Detection with Deep Nearest Neighbors, arXiv 2204.06507, with k = 1 for sets of hundreds of images).
`benchmarks/none_of_these.py` compares it with other scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from engine.comparison.intervals import NORMAL_975, Interval

RATE = 0.05  # of the run's own validation images are called none of the classes


@dataclass(frozen=True, slots=True)
class Threshold:
    """When an image is unlike all that the network learnt: where its unlikeness is above the threshold. rate: share of
    the n validation images that is."""

    threshold: float
    rate: float
    n: int


class Learnt:
    """What training images are like: features [n, d] of length 1."""

    def __init__(self, features: NDArray[np.floating]) -> None:
        self._known = np.asarray(features, np.float32).T

    @property
    def features(self) -> NDArray[np.float16]:
        """As they are kept: [n, d]."""
        return self._known.T.astype(np.float16)

    def unlikeness(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """[n], of features [n, d] of length 1: from 0, as a training image, to 2."""
        return 1 - (np.asarray(features, np.float32) @ self._known).max(1).astype(np.float64)


def threshold_of(found: NDArray[np.float64]) -> Threshold:
    """Above which at most `RATE` of these validation images [n] lie: midway between two of them, so that rounding turns
    none of them over."""
    value = np.quantile(found, 1 - RATE, method="higher")
    above = found[found > value]
    middle = (value + above.min()) / 2 if len(above) else value
    return Threshold(float(middle), float((found > middle).mean()), len(found))


def told_apart(known: NDArray[np.float64], other: NDArray[np.float64]) -> Interval:
    """How often one that is none of the classes is the more unlike of two drawn at random, one of each kind: the area
    under the ROC curve, ties counting half. known [n], other [m]: unlikeness, two of each at least. 95 %, DeLong et al.
    1988, Comparing the Areas under Two or More Correlated ROC Curves, Biometrics 44, 837-845."""
    above, below = _share_below(other, known), 1 - _share_below(known, other)
    value = float(above.mean())
    half = NORMAL_975 * sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))
    return Interval(value, value - half, value + half, len(other)).within(0, 1)


def _share_below(values: NDArray[np.float64], among: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each value [n] the share of the others [m] that is smaller; equal ones count half."""
    order = np.sort(among)
    sides = np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right")
    found: NDArray[np.float64] = sides / (2 * len(among))
    return found
