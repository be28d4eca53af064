"""A linear head fitted to the end: multinomial logistic regression by L-BFGS, in rounds between which one may stop."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

STRENGTH = 10.0  # C, the inverse of the pull of all examples' weights towards zero, for features of length 1
ROUNDS, STEPS = 20, 20  # at most, and steps of one
PRECISION = 1e-6  # of the largest part of the gradient, at which it is fitted


class Solving:
    """features: float [n, d]. labels: int64 [n]. Minimises the mean cross-entropy and |weight|^2 / (2 C n), of two
    classes as of one column that stands for both; weight [classes, d] and bias [classes] begin at 0, so that nothing is
    drawn."""

    def __init__(self, features: Tensor, labels: Tensor, classes: int) -> None:
        self._features, self._labels = features, labels
        self.weight = features.new_zeros(classes, features.shape[1], requires_grad=True)
        self.bias = features.new_zeros(classes, requires_grad=True)

    def loss(self) -> Tensor:
        both = 2 if len(self.weight) == 2 else 1  # (-w / 2, w / 2) have half of the square of w
        pull = both * self.weight.square().sum() / (2 * STRENGTH * len(self._labels))
        return F.cross_entropy(F.linear(self._features, self.weight, self.bias), self._labels) + pull

    def rounds(self) -> Iterator[float]:
        """Yields the share of the rounds that were made, at most."""
        optimiser = torch.optim.LBFGS(
            [self.weight, self.bias], max_iter=STEPS, tolerance_grad=PRECISION, line_search_fn="strong_wolfe"
        )

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = self.loss()
            loss.backward()
            return loss

        for made in range(ROUNDS):
            yield made / ROUNDS
            before = self.loss().detach()
            optimiser.step(closure)
            if not self.loss().detach() < before - PRECISION * before.abs():
                return
