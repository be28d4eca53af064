"""LogME (You et al. 2021, arXiv 2102.11005): how likely the labels are under Bayesian linear regression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.transferability.directions import main_directions

Matrix = NDArray[np.float64]
ROUNDS, TOLERANCE = 1000, 1e-9  # of the fixed point; the evidence hardly changes any more
LEAST, MOST = 1e-12, 1e12  # of prior's over noise's precision, as parts of the features' mean power


def logme(features: np.ndarray, labels: NDArray[np.int64]) -> float:
    """Log evidence of each class's one-hot labels given the features [n, d], mean over classes, for one image.

    Features are taken as they come, without an intercept. Comparable between starts on the same images alone.
    """
    values = np.asarray(features, np.float64)
    targets = (labels[:, None] == np.unique(labels)).astype(np.float64)
    left, powers = main_directions(values)
    if not len(powers):
        return float(np.mean(_evidence_of_nothing(targets)))
    along = (left.T @ targets) ** 2
    beyond = np.maximum((targets**2).sum(0) - along.sum(0), 0.0)  # what no linear map of the features explains
    return float(np.mean(_fixed_point(powers, along, beyond, len(values))) / len(values))


def _evidence_of_nothing(targets: Matrix) -> Matrix:
    """Where all features are zero: of the best noise alone, for one image. [classes]"""
    variance: Matrix = (targets**2).mean(0)
    return -0.5 * np.log(2 * np.pi * variance) - 0.5


def _fixed_point(powers: Matrix, along: Matrix, beyond: Matrix, n: int) -> Matrix:
    """Log evidence [classes] at the best precisions. powers [k]: squared singular values; along [k, classes]: squared
    parts of the labels along the singular vectors; beyond [classes]: the squared rest."""
    usual = powers.mean()
    ratio, before = np.full(along.shape[1], usual), np.full(along.shape[1], -np.inf)  # ratio: alpha over beta
    for _ in range(ROUNDS):
        shared = powers[:, None] + ratio
        rest = ((ratio / shared) ** 2 * along).sum(0) + beyond
        weight = (powers[:, None] / shared**2 * along).sum(0)
        beta = n / np.maximum(rest + ratio * weight, np.finfo(np.float64).tiny)
        found = 0.5 * (n * np.log(beta / (2 * np.pi)) - n - np.log1p(powers[:, None] / ratio).sum(0))
        if np.all(np.abs(found - before) <= TOLERANCE * n):
            return found
        before = found
        used = (powers[:, None] / shared).sum(0)  # gamma: how many directions the labels determine
        free = np.maximum(n - used, np.finfo(np.float64).tiny)
        ratio = np.clip(used * rest / np.maximum(weight * free, np.finfo(np.float64).tiny), LEAST * usual, MOST * usual)
    return before
