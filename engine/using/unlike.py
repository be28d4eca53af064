"""How unlike all that a network learnt an image is, and from where it is none of the classes.

The energy of what the network gives for the classes (Liu et al. 2020, Energy-based Out-of-distribution Detection, arXiv
2010.03759): high where no class speaks up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from engine.using.calibration import Threshold

RATE = 0.05  # of the run's own validation images are called none of the classes


def unlikeness(features: NDArray[np.float32], logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """[n], of features [n, d] and logits [n, classes]; the larger, the less the image is like any class."""
    return -np.asarray(logsumexp(logits.astype(np.float64), axis=1))


def refusal(found: NDArray[np.float64]) -> Threshold:
    """The least threshold above which at most `RATE` of these validation images [n] lie."""
    threshold = float(np.quantile(found, 1 - RATE, method="higher"))
    return Threshold(threshold, float((found > threshold).mean()), len(found))
