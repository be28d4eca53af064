"""Reptile: move the initial weights towards what ordinary training on a task ends at (Nichol et al. 2018).

Several steps of Adam without momentum (or SGD) on small batches of the task's images lead to φ; then
θ ← θ + ε (mean φ - θ), with ε falling to 0. No query set is needed in training: it only measures. Training episodes
have more shots than test episodes. Everything adapts, batch norm's scale and shift too, and the optimiser starts afresh
on every task, where the authors' code keeps Adam's second moment from one task to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from engine.meta.learner import learnt
from engine.meta.roles import MetaRun
from engine.method import hyper
from engine.methods.meta.gradient_based import GradientBased, GradientHyperparameters

if TYPE_CHECKING:
    import torch
    from torch import nn

    from engine.adaptation.adapting import Adaptation
    from engine.backbones.backbone import Backbone


class ReptileHyperparameters(GradientHyperparameters):
    inner_optimiser: Literal["Adam without momentum", "SGD"] = hyper(
        "Adam without momentum", "Inner optimiser", "What takes the inner steps; it starts afresh on every task."
    )
    inner_rate: float = hyper(1e-3, "Inner learning rate", "Step size of the inner optimiser.", low=1e-5, log=True)
    inner_batch: int = hyper(10, "Inner batch", "Support images in one inner step.", unit="images", low=1, high=1000)
    inner_steps: int = hyper(5, "Inner steps", "Steps on one task while meta-training.", low=1, high=100)
    test_steps: int = hyper(20, "Inner steps at test", "Steps on a new task.", low=1, high=200)
    training_shot: int = hyper(
        10, "Shot in training", "Support images per class while meta-training; more than at test.", low=1, high=50
    )
    learning_rate: float = hyper(
        1.0, "Outer step ε", "How far towards the mean of the adapted weights; it falls to 0.", low=1e-3, high=2.0,
        log=True,
    )  # fmt: skip
    meta_batch: int = hyper(5, "Episodes per step", "Tasks averaged in one meta-update.", low=1, high=64)


class Reptile(GradientBased):
    name = "reptile"
    order = 380
    title = "Reptile"
    idea = "Train on a task for a few steps, then move the initial weights a little towards where that led."
    paper = "Nichol, Achiam & Schulman 2018, On First-Order Meta-Learning Algorithms, arXiv 1803.02999"
    differs = (
        "Adam starts afresh on every task, the authors' code keeps its second moment from task to task; "
        "batches take the classes in turn, theirs are drawn."
    )
    Hyperparameters = ReptileHyperparameters
    unused = frozenset({"gradient_clip"})  # a difference of weights is not clipped
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot 5-way, transductive": {
            "inner_batch": 25, "inner_steps": 3, "meta_batch": 10, "training_shot": 15, "test_steps": 5,
            "steps": 100_000,
        },
        "Sinusoid": {
            "shot": 5, "query": 10, "training_shot": 25, "inner_optimiser": "SGD", "inner_rate": 0.02,
            "inner_batch": 10, "inner_steps": 10, "learning_rate": 1.0, "steps": 20_000, "test_steps": 10,
        },
    }  # fmt: skip

    def adapts(self, model: nn.Module) -> Callable[[str], bool]:
        return lambda name: not name.startswith("meta.")

    def optimiser(self, model: Backbone) -> torch.optim.Optimizer:
        """θ ← θ - ε g with g = θ - mean φ: a plain gradient step."""
        import torch

        return torch.optim.SGD([{"params": learnt(model), "factor": 1.0}], lr=1.0)

    def rate_factor(self, run: MetaRun) -> float:
        return 1.0 - run.progress

    def adaptation(self, model: Backbone, steps: int, second_order: bool) -> Adaptation:
        from engine.adaptation.adapting import Adaptation
        from engine.adaptation.inner_loop import BatchSteps

        values, adam = self.hyperparameters, self.hyperparameters.inner_optimiser != "SGD"
        clip = values.inner_clip or None
        inner = BatchSteps(values.inner_rate, steps, values.inner_batch, adam, self.adapts(model), clip)
        return Adaptation(inner, outer="displacement")

    def clip(self, model: Backbone) -> None:
        """The difference of weights is not a gradient; it is left as it is."""
