"""How unlike all that a network learnt an image is, and from where it is none of the classes.

One less the cosine of its features with those of the nearest training image (Sun et al. 2022, Out-of-Distribution
Detection with Deep Nearest Neighbors, arXiv 2204.06507, with k = 1 for sets of hundreds of images).
`benchmarks/none_of_these.py` compares it with other scores.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.using.calibration import Threshold

RATE = 0.05  # of the run's own validation images are called none of the classes


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
