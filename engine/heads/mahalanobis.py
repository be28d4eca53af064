"""Nearest class mean by Mahalanobis distance with a shrunk covariance per class (Simple CNAPS, arXiv 1912.03432).

Q_k = λ_k Σ_k + (1 - λ_k) Σ + I with λ_k = n_k / (n_k + 1): the class's own covariance Σ_k counts for more the more
images it has, the rest is the covariance Σ of all images together and the identity. A class of one image has Σ_k = 0.
"""

from __future__ import annotations

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer
from engine.heads.nearest_mean import class_means

Array = np.ndarray


class Mahalanobis(Head):
    """Scores are minus half the squared distances (x - μ_k)ᵀ Q_k⁻¹ (x - μ_k)."""

    name = "mahalanobis"
    title = "Shrunk Mahalanobis"
    idea = "The nearest class mean, measured in the shape of each class's own cloud."
    paper = "Bateni et al. 2020, Improved Few-Shot Visual Classification, arXiv 1912.03432"

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        spread, axes = principal(features)
        turned = features @ axes
        means = class_means(turned, labels, classes)
        clouds = [Cloud(turned[labels == k], means[k], spread) for k in range(classes)]

        def score(queries: Features) -> Array:
            seen = queries @ axes
            return np.column_stack([-0.5 * cloud.squared_distance(seen) for cloud in clouds])

        return score


def principal(features: Features) -> tuple[Array, Array]:
    """(variances [d], axes [d, d]) of all images together; one image has no variance."""
    centred = features - features.mean(0)
    variances, axes = np.linalg.eigh(centred.T @ centred / max(1, len(features) - 1))
    return np.maximum(variances, 0.0), axes


class Cloud:
    """One class in the axes in which Σ is diagonal, so that Q_k is a diagonal plus a term of rank n_k."""

    def __init__(self, members: Features, mean: Array, spread: Array) -> None:
        count = len(members)
        own = count / (count + 1)
        self.mean = mean
        self.inverse = 1.0 / ((1 - own) * spread + 1.0)
        self.rest = (members - mean) * np.sqrt(own / max(1, count - 1))
        inner = np.eye(count) + (self.rest * self.inverse) @ self.rest.T
        self.inner = np.linalg.inv(np.linalg.cholesky(inner))

    def squared_distance(self, queries: Features) -> Array:
        """float64 [m], by the Woodbury identity: no d × d matrix per class is ever inverted."""
        away = queries - self.mean
        plain = (away**2) @ self.inverse
        along = self.inner @ ((self.rest * self.inverse) @ away.T)
        return plain - (along**2).sum(0)
