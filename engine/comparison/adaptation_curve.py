"""What a curve of a meta-test is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
