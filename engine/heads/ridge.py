"""Ridge regression on one-hot targets, its strength chosen by leave-one-out in closed form.

With centred features X, W = (XᵀX + αI)⁻¹ Xᵀ Y and the hat matrix H = 1/n + X (XᵀX + αI)⁻¹ Xᵀ, the error on an image
that was left out is (y - ŷ) / (1 - h) of the fit with all of them (Allen 1974): every strength costs one product.
"""

from __future__ import annotations

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer, Scores, one_hot

STRENGTHS = tuple(float(alpha) for alpha in np.logspace(-2, 5, 15))


class Ridge(Head):
    """The intercept is not penalised; the strength with the smallest squared leave-one-out error is taken."""

    name = "ridge"
    title = "Ridge regression"
    idea = "Least squares on one-hot targets, with the strength that predicts left-out examples best."
    paper = "Bertinetto et al. 2019, Meta-learning with differentiable closed-form solvers, arXiv 1805.08136"

    def __init__(self, strengths: tuple[float, ...] = STRENGTHS) -> None:
        self.strengths = strengths

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        targets = one_hot(labels, classes)
        solver = Centred(features, targets)
        errors = [float(((targets - solver.left_out(alpha)) ** 2).sum()) for alpha in self.strengths]
        weights, bias = solver.solve(self.strengths[int(np.argmin(errors))])
        return lambda queries: queries @ weights + bias


class Centred:
    """One decomposition X = U S Vᵀ of the centred features serves every strength."""

    def __init__(self, features: Features, targets: Scores) -> None:
        self.mean, self.target_mean = features.mean(0), targets.mean(0)
        self.targets = targets
        centred = features - self.mean
        values, vectors = np.linalg.eigh(centred @ centred.T if self._is_wide(centred) else centred.T @ centred)
        kept = values > 1e-10 * max(1.0, float(values.max()))
        self.squares = values[kept]
        if self._is_wide(centred):
            self.left = vectors[:, kept]
            self.right = centred.T @ self.left / np.sqrt(self.squares)
        else:
            self.right = vectors[:, kept]
            self.left = centred @ self.right / np.sqrt(self.squares)
        self.rotated = self.left.T @ (targets - self.target_mean)

    @staticmethod
    def _is_wide(centred: Features) -> bool:
        return centred.shape[0] <= centred.shape[1]

    def solve(self, alpha: float) -> tuple[Scores, Scores]:
        """(weights [d, classes], bias [classes]) for one strength."""
        weights = self.right @ (np.sqrt(self.squares) / (self.squares + alpha) * self.rotated.T).T
        return weights, self.target_mean - self.mean @ weights

    def left_out(self, alpha: float) -> Scores:
        """Predictions [n, classes] of each training image by the fit without it."""
        shares = self.squares / (self.squares + alpha)
        fitted = self.target_mean + self.left @ (shares[:, None] * self.rotated)
        leverage = 1 / len(self.targets) + (self.left**2) @ shares
        rest = np.maximum(1 - leverage, 1e-9)[:, None]
        return self.targets - (self.targets - fitted) / rest
