"""Cosine classifier, the head of Baseline++ (Chen et al. 2019, arXiv 1904.04232).

Scores are s · cos(f, w_k): weights and features have length 1, so that only directions count; the scale s is learnt.
As published the features are taken as they are: standardising them would move the point from which angles are seen.
There is no weight decay, as lengths do not count: once the loss is small Adam would follow nothing but the decay.
Training is full-batch with Adam, started from the class means: the same twice, and near its end at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.heads.head import Features, Head, Labels, Scorer
from engine.heads.nearest_mean import class_means, unit

if TYPE_CHECKING:
    from torch import Tensor

SCALE = 10.0  # at first


class CosineClassifier(Head):
    """steps, learning_rate: of Adam on the weights and on the logarithm of the scale."""

    name = "cosine_classifier"
    title = "Cosine classifier"
    idea = "Baseline++: one learnt direction per class, compared by angle."
    paper = "Chen et al. 2019, A Closer Look at Few-shot Classification, arXiv 1904.04232"
    standardised = False

    def __init__(self, steps: int = 100, learning_rate: float = 0.02) -> None:
        self.steps, self.learning_rate = steps, learning_rate

    def fit(self, features: Features, labels: Labels, classes: int) -> Scorer:
        import torch

        directions = torch.from_numpy(unit(features)).float()
        weights = torch.from_numpy(unit(class_means(features, labels, classes))).float()
        learnt, scale = self._train(directions, torch.from_numpy(labels), weights)
        rows = unit(learnt.numpy().astype(np.float64))
        return lambda queries: scale * unit(queries) @ rows.T

    def _train(self, directions: Tensor, labels: Tensor, start: Tensor) -> tuple[Tensor, float]:
        import torch
        from torch.nn.functional import cross_entropy

        weights = start.clone().requires_grad_()
        log_scale = torch.tensor(float(np.log(SCALE))).requires_grad_()
        adam = torch.optim.Adam([weights, log_scale], lr=self.learning_rate)
        with torch.enable_grad():
            for _ in range(self.steps):
                loss = cross_entropy(cosine_scores(directions, weights, log_scale), labels)
                adam.zero_grad()
                loss.backward()
                adam.step()
        return weights.detach(), float(log_scale.detach().exp())


def cosine_scores(directions: Tensor, weights: Tensor, log_scale: Tensor) -> Tensor:
    """directions [n, d] of length 1, weights [classes, d] of any length -> scores [n, classes]."""
    from torch.nn.functional import normalize

    return log_scale.exp() * directions @ normalize(weights, dim=1).T
