"""Fixed weights: the first task has a chosen share, the others the rest in equal parts.

Two papers of 2022 find nothing better than this with a share that was tuned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import hyper
from engine.multitask.method import SUMS, MultiTaskHyperparameters, MultiTaskMethod

if TYPE_CHECKING:
    from engine.multitask.balance import Weighting


class FixedWeightsHyperparameters(MultiTaskHyperparameters):
    share: float = hyper(
        0.5, "Share of the first task", "Of the weight; the other tasks have equal parts of the rest.",
        low=0.01, high=0.99,
    )  # fmt: skip


class FixedWeights(MultiTaskMethod):
    name = "fixed_weights"
    order = 510
    title = "Fixed weights"
    group = SUMS
    idea = "Add the losses with weights that a person chose."
    paper = "Xin et al. 2022, Do Current Multi-Task Optimization Methods in Deep Learning Even Help?, NeurIPS 35"
    Hyperparameters = FixedWeightsHyperparameters

    def balance(self, tasks: int, seed: int) -> Weighting:
        from engine.multitask.balance import Weighting

        share = float(self.hyperparameters.share)
        rest = [(1 - share) / max(1, tasks - 1)] * (tasks - 1)
        return Weighting([tasks * weight for weight in (share, *rest)])
