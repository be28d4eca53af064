"""One temperature that makes scores into probabilities that can be believed. Torch-free."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

LOGARITHMS = (-5.0, 5.0)  # of temperatures between which is searched
Logits = NDArray[np.floating]
Labels = NDArray[np.int64]


def temperature_of(logits: Logits, labels: Labels) -> float:
    """The temperature at which these labels [n] are likeliest by logits [n, classes]; the likelihood has one peak over
    its inverse. A label counts as (n + 1) / (n + 2) of an image, the rest is shared by the other classes (Platt 1999):
    few images that happen to be all right make no network certain. Within e^±5."""
    values = logits.astype(np.float64)
    (n, classes), own = values.shape, values[np.arange(len(labels)), labels]
    others = (values.sum(1) - own) / max(1, classes - 1)
    wanted = ((n + 1) * own + others) / (n + 2)

    def unlikely(logarithm: float) -> float:
        inverse = np.exp(-logarithm)
        return float(np.mean(logsumexp(values * inverse, axis=1) - wanted * inverse))

    found = minimize_scalar(unlikely, bounds=LOGARITHMS, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


def probabilities(logits: Logits, temperature: float) -> NDArray[np.float64]:
    """[n, classes]."""
    values = logits.astype(np.float64) / temperature
    return np.exp(values - logsumexp(values, axis=1, keepdims=True))
