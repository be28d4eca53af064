"""Logistic regression, its strength chosen by stratified cross-validation on the labelled images alone."""

from __future__ import annotations

from collections.abc import Generator
from typing import ClassVar, Self

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # C: the inverse of the pull towards zero
USUAL = 0.1
FOLDS = 5
# The gradient at which a fit ends, so that weights are within a thousandth of the optimum's: along some directions the
# pull 1 / (C n) alone holds them in place.
PRECISION, LEAST_PRECISION, MOST_STEPS = 1e-4, 1e-5, 5000


class Logistic(Head):
    """scikit-learn's multinomial logistic regression with an L2 pull of strength 1 / C."""

    name = "logistic"
    title = "Logistic regression"
    idea = "A linear layer trained to the end, pulled towards zero as cross-validation finds best."
    paper = "Tian et al. 2020, Rethinking Few-Shot Image Classification, arXiv 2003.11539"

    most_images: ClassVar[int] = 2000  # images on which the strength is chosen

    def __init__(self, strength: float = USUAL) -> None:
        self.strength = strength

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        from sklearn.linear_model import LogisticRegression

        strength = self.strength
        if 2 * classes > len(labels):  # scikit-learn then takes the labels for amounts; twice the images at half the C
            features, labels, strength = np.tile(features, (2, 1)), np.tile(labels, 2), strength / 2  # is the same fit
        tolerance = min(LEAST_PRECISION, PRECISION / (strength * len(labels)))
        model = LogisticRegression(C=strength, max_iter=MOST_STEPS, tol=tolerance).fit(features, labels)
        weights, bias = model.coef_, model.intercept_
        if classes == 2:  # one column stands for both
            weights, bias = np.vstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
        return lambda queries: queries @ weights.T + bias

    def turned(self, features: Features) -> Features:
        """Features [n, d] as its strength is chosen on them, [n, any]: the same fits."""
        return features

    def tuned(self, features: Features, labels: Labels, classes: int, seed: int) -> Self:
        """With the C of the smallest cross-validated log loss; one label per class leaves the usual C."""
        choosing = self.choosing(features, labels, classes, seed)
        while True:
            try:
                next(choosing)
            except StopIteration as end:
                found: Self = end.value
                return found

    def choosing(self, features: Features, labels: Labels, classes: int, seed: int) -> Generator[float, None, Self]:
        """As `tuned`, a fit at a time: yields the share of the fits that is done."""
        from sklearn.model_selection import StratifiedKFold

        chosen = np.random.default_rng(seed).permutation(len(labels))[: self.most_images]
        least = int(np.bincount(labels[chosen], minlength=classes).min())
        if least < 2:
            return self
        x, y = self.turned(features[chosen]), labels[chosen]
        parts = list(StratifiedKFold(min(FOLDS, least), shuffle=True, random_state=seed).split(x, y))
        losses = np.zeros((len(STRENGTHS), len(parts)))
        for place in np.ndindex(losses.shape):
            learnt, held = parts[place[1]]
            head = Logistic(STRENGTHS[place[0]]).fit(x[learnt], y[learnt], classes)
            losses[place] = log_loss(head(x[held]), y[held])
            yield float(np.ravel_multi_index(place, losses.shape) + 1) / losses.size
        return type(self)(STRENGTHS[int(losses.sum(1).argmin())])


def log_loss(scores: np.ndarray, labels: Labels) -> float:
    """Sum over images of -log softmax(scores)[label]."""
    shifted = scores - scores.max(1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return float(-logs[np.arange(len(labels)), labels].sum())
