"""Reptile: move the initial weights towards what ordinary training on a task ends at (Nichol et al. 2018).

Several steps of Adam without momentum (or SGD) on small batches of the task's images lead to φ; then
θ ← θ + ε (mean φ - θ), with ε falling to 0. No query set is needed in training: it only measures. Training episodes
have more shots than test episodes. Everything adapts, batch norm's scale and shift too, and the optimiser starts afresh
on every task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from engine.methods.base import Classifier, hyper
from engine.methods.gradient_based import GradientBased, GradientHyperparameters
from engine.methods.meta_learner import TaskGradient, learnt

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from engine.backbones.backbone import Backbone
    from engine.meta.inner_loop import Parameters
    from engine.meta.task import Task


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
        1.0,
        "Outer step ε",
        "How far towards the mean of the adapted weights; it falls to 0.",
        low=1e-3,
        high=2.0,
        log=True,
    )
    meta_batch: int = hyper(5, "Episodes per step", "Tasks averaged in one meta-update.", low=1, high=64)


class Reptile(GradientBased):
    name = "reptile"
    title = "Reptile"
    idea = "Train on a task for a few steps, then move the initial weights a little towards where that led."
    paper = "Nichol, Achiam & Schulman 2018, On First-Order Meta-Learning Algorithms, arXiv 1803.02999"
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

    def rate_factor(self, step: int) -> float:
        return 1.0 - self.progress

    def task_gradient(self, model: Backbone, task: Task) -> TaskGradient:
        """θ - φ of one task."""
        import torch

        from engine.backbones.backbone import applied, still_statistics
        from engine.meta.objective import figures, loss

        start = dict(model.named_parameters())
        with still_statistics(model):
            *_, adapted = self._path(model, task.support_inputs, task.support_targets, self.hyperparameters.inner_steps)
            with torch.no_grad():
                outputs = applied(model, adapted, task.query_inputs)
        gradients = [start[name].detach() - adapted[name].detach() for name in start if start[name].requires_grad]
        return TaskGradient(gradients, figures(outputs, task.query_targets, loss(outputs, task.query_targets)))

    def clip(self, model: Backbone) -> None:
        """The difference of weights is not a gradient; it is left as it is."""

    def classifiers(
        self, model: Backbone, inputs: Tensor, targets: Tensor, way: int, steps: int
    ) -> Iterator[Classifier]:
        model.eval()
        path = self._path(model, inputs, targets, steps)
        for _ in range(steps + 1):
            with self.batch_statistics(model):
                adapted = next(path)
            yield self.classifier(model, adapted)

    def _path(self, model: Backbone, inputs: Tensor, targets: Tensor, steps: int) -> Iterator[Parameters]:
        """The weights after 0, 1, …, `steps` steps on batches that take the classes in turn."""
        from engine.meta.inner_loop import start_of
        from engine.meta.inner_optimiser import steps_of

        hyperparameters = self.hyperparameters
        batches = in_turn(targets, hyperparameters.inner_batch)
        adam = hyperparameters.inner_optimiser != "SGD"
        rate, clip = hyperparameters.inner_rate, hyperparameters.inner_clip or None
        yield from steps_of(model, start_of(model), inputs, targets, batches, steps, rate, adam, clip)


def in_turn(targets: Tensor, size: int) -> list[Tensor]:
    """Batches of `size` positions that go round all examples, one of each class after the other."""
    import torch

    from engine.data.batches import cuts

    if targets.is_floating_point():
        order = torch.arange(len(targets), device=targets.device)
    else:
        seen = (targets[:, None] == targets[None, :]).tril(-1).sum(1)  # how many of its class come before
        order = torch.argsort(seen * (int(targets.max()) + 1) + targets)
    return [order[cut] for cut in cuts(len(order), size)]
