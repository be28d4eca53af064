"""GradNorm: weights that bring the gradients of the tasks to one size, with more for a task that is behind.

Measured at the last block that is shared; its own gradient never reaches the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import hyper
from engine.multitask.method import SUMS, MultiTaskHyperparameters, MultiTaskMethod

if TYPE_CHECKING:
    from engine.multitask.balance import Weighting


class GradNormHyperparameters(MultiTaskHyperparameters):
    alpha: float = hyper(
        1.5, "Pull to equal pace", "How much more weight a task gets that is behind.", low=0.0, high=5.0
    )
    weight_rate: float = hyper(
        0.025, "Rate of the weights", "How fast the weights change in a step.", low=1e-4, high=0.5, log=True,
        advanced=True,
    )  # fmt: skip


class GradNormWeights(MultiTaskMethod):
    name = "gradnorm"
    order = 530
    title = "GradNorm"
    group = SUMS
    idea = "Keep the gradients of all tasks at one size."
    paper = "Chen et al. 2018, GradNorm: Gradient Normalization for Adaptive Loss Balancing, arXiv 1711.02257"
    differs = "The weights take plain steps, in units of the mean gradient, and the first epoch is a plain sum."
    Hyperparameters = GradNormHyperparameters
    backward_passes = "one and heads"

    def balance(self, tasks: int, seed: int) -> Weighting:
        from engine.multitask.balance import GradNorm

        values = self.hyperparameters
        return GradNorm(tasks, float(values.alpha), float(values.weight_rate))
