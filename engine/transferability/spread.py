"""Scores from how classes lie in the features: shrunk H-score, GBC, PARC and TransRate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.transferability.directions import main_directions

Features = NDArray[np.floating]
Labels = NDArray[np.int64]
Matrix = NDArray[np.float64]
LEAST_VARIANCE = 1e-4  # of a class, for GBC
GBC_VALUES, PARC_VALUES = 64, 32  # principal components that are looked at
DIGITS = 10  # of PARC's distances: rounding noise would order those that are equal
CODED = 1e-4  # TransRate's distortion


def h_score(features: Features, labels: Labels, shrunk: bool = True) -> float:
    """Variance between classes, as whitened features see it (Bao et al. 2019): tr(S⁻¹ (1 - λ) Cov(E[f | y])).

    S is the covariance after Ledoit and Wolf's shrinkage λ, which few images with many features need (Ibrahim et al.
    2021, arXiv 2110.06893); without it the plain one, λ = 0. features [n, d].
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    centred = _centred(features)
    shrinkage = float(ledoit_wolf_shrinkage(centred, assume_centered=True)) if shrunk else 0.0
    left, powers = main_directions(centred)  # in which the covariance is diagonal
    within = (1 - shrinkage) * powers / len(centred) + shrinkage * centred.var(0).mean()
    between = (_class_means(left * np.sqrt(powers), labels) ** 2).mean(0)
    return float((1 - shrinkage) * (between / within).sum())


def gbc(features: Features, labels: Labels) -> float:
    """Minus how far classes overlap (Pándy et al. 2021, arXiv 2111.12780): Bhattacharyya's coefficient of spherical
    Gaussians over all ordered pairs of classes, in at most 64 principal components. At most 0. features [n, d]."""
    values = _principal(features, GBC_VALUES)
    members = [values[labels == one] for one in np.unique(labels)]
    means = np.stack([one.mean(0) for one in members])
    variances = np.array([max(float(one.var(0).mean()), LEAST_VARIANCE) for one in members])
    squared = ((means[:, None] - means[None]) ** 2).sum(-1)
    both = variances[:, None] + variances[None]
    unlike = np.log(both / (2 * np.sqrt(variances[:, None] * variances[None])))
    distance = squared / (4 * both) + values.shape[1] / 2 * unlike
    return float(-(np.exp(-distance).sum() - len(members)))


def parc(features: Features, labels: Labels) -> float:
    """100 times the rank correlation between how unlike images' features and how unlike their labels are (Bolya et al.
    2021, arXiv 2111.06977), on standardised principal components. features [n, d]."""
    from scipy.stats import spearmanr

    values = _principal(features, PARC_VALUES)
    spread = values.std(0)
    unlike = _unlike((values - values.mean(0)) / np.where(spread > 0, spread, 1.0))
    asked = _unlike((labels[:, None] == np.unique(labels)).astype(np.float64))
    if np.ptp(unlike) == 0 or np.ptp(asked) == 0:
        return 0.0
    return float(100 * spearmanr(unlike, asked)[0])


def transrate(features: Features, labels: Labels, distortion: float = CODED) -> float:
    """How many nats the classes save in coding the features (Huang et al. 2022, arXiv 2106.09362); classes weigh
    equally. Classes that lie on one line at opposite sides score 0. features [n, d]."""
    centred = _centred(features)
    inside = [_coding_rate(centred[labels == one], distortion) for one in np.unique(labels)]
    return _coding_rate(centred, distortion) - float(np.mean(inside))


def _coding_rate(values: Matrix, distortion: float) -> float:
    """½ log det(I + ZᵀZ / (n ε)) of [n, d], by the smaller of its two products."""
    product = values @ values.T if len(values) < values.shape[1] else values.T @ values
    return float(np.linalg.slogdet(np.eye(len(product)) + product / (len(values) * distortion))[1]) / 2


def _centred(features: Features) -> Matrix:
    values = np.asarray(features, np.float64)
    return values - values.mean(0)


def _class_means(values: Matrix, labels: Labels) -> Matrix:
    """[n, d]: of each image's class."""
    classes, places = np.unique(labels, return_inverse=True)
    return np.stack([values[labels == one].mean(0) for one in classes])[places]


def _principal(features: Features, most: int) -> Matrix:
    """As they are where there are no more than `most`, else along their `most` main directions, each turned so that the
    feature that weighs most counts upwards: PARC sees signs. [n, at most `most`]"""
    values = np.asarray(features, np.float64)
    if values.shape[1] <= most:
        return values
    centred = _centred(values)
    left, powers = (found[..., :most] for found in main_directions(centred))
    loads = left.T @ centred
    heaviest = np.take_along_axis(loads, np.abs(loads).argmax(1)[:, None], 1)[:, 0]
    return left * np.sqrt(powers) * np.sign(heaviest)


def _unlike(rows: Matrix) -> Matrix:
    """1 - correlation of every two rows, [n (n - 1) / 2], rounded; a row that does not vary is like no other."""
    centred = rows - rows.mean(1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    directions = centred / np.where(length > 0, length, 1.0)
    return np.round(1 - (directions @ directions.T)[np.tril_indices(len(rows), -1)], DIGITS)
