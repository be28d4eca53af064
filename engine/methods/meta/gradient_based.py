"""Meta-learners that adapt by gradient steps: everything they share, from which MAML and its kin are a few lines each.

A subclass says which parameters adapt (`adapts`), at which rates (`rate`) and in which order the outer gradient is
taken; all that together is its `adaptation`, a value that is carried out for one task or for many at once. Batch norm
uses the statistics of the current batch, in training and at test, as in MAML's own code: the query images of a test
episode are normalised together (transductive). Its scale and shift are not adapted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, ClassVar, Literal

from engine.layers import Treatment
from engine.meta.learner import EpisodeHyperparameters, MetaLearner, Outcome, TaskGradient
from engine.meta.roles import Episodes, MetaRun, Steps, knows
from engine.method import REGULAR, Classifier, Classifiers, hyper

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.adaptation.adapting import Adaptation
    from engine.adaptation.inner_loop import InnerLoop, Parameters, Rate
    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


SINUSOID = {  # values of a preset
    "shot": 5, "training_shot": 10, "query": 10, "inner_rate": 0.01, "meta_batch": 25, "steps": 20_000,
    "test_steps": 10, "validate_every": 2000,
}  # fmt: skip


class GradientHyperparameters(EpisodeHyperparameters):
    inner_rate: float = hyper(
        0.4, "Inner learning rate", "Step size α of the adaptation.", low=1e-5, high=10.0, log=True
    )
    inner_steps: int = hyper(1, "Inner steps", "Gradient steps on the support set while meta-training.", low=1, high=20)
    test_steps: int = hyper(3, "Inner steps at test", "Gradient steps on a new task.", low=1, high=100)
    over_steps: int = hyper(
        0, "Steps of the curve", "Test after every number of inner steps up to this; the test's own steps at least.",
        low=0, high=200, advanced=True,
    )  # fmt: skip
    meta_batch: int = hyper(8, "Episodes per step", "Tasks averaged in one meta-update.", low=1, high=64)
    steps: int = hyper(
        1500, "Meta-steps", "Updates of the shared initial weights; 0 tests them as they are.", low=0, high=200_000
    )
    batch_norm: Literal["transductive", "running statistics"] = hyper(
        "transductive", "Batch norm at test",
        "Transductive normalises the query images of an episode together, as the paper's code does.", fold=REGULAR,
    )  # fmt: skip
    inner_clip: float = hyper(
        0.0, "Largest inner gradient", "Each value of an inner gradient is clipped to this; 0 leaves it alone.",
        low=0.0, advanced=True,
    )  # fmt: skip
    gradient_clip: float = hyper(
        10.0, "Largest meta-gradient", "Each value of the meta-gradient is clipped to this.", low=1e-3, advanced=True
    )


class GradientBased(MetaLearner):
    group = "Gradient-based"
    suits = frozenset({"classification", "regression"})
    Hyperparameters = GradientHyperparameters
    becomes: ClassVar[tuple[Treatment, Treatment]] = "adapted", "adapted"

    @property
    def trains(self) -> Episodes:
        return Episodes(keeps_statistics=False)

    @property
    def meets(self) -> Steps:
        return Steps(self.hyperparameters.test_steps)

    @property
    def transductive(self) -> bool:
        return bool(self.hyperparameters.batch_norm == "transductive")

    @property
    def batch_norm_mode(self) -> str:
        return "transductive (query batch)" if self.transductive else "running statistics"

    def second_order(self, run: MetaRun) -> bool:
        """Whether the outer gradient goes through the inner steps."""
        return False

    def adapts(self, model: nn.Module) -> Callable[[str], bool]:
        """Says by its name whether a parameter changes in the inner loop: all but batch norm's and `model.meta`."""
        from engine.adaptation.inner_loop import norm_parameters

        norms = norm_parameters(model)
        return lambda name: name not in norms and not name.startswith("meta.")

    def rate(self, model: Backbone) -> Rate:
        """The inner step size of a parameter at a step."""
        alpha = float(self.hyperparameters.inner_rate)
        return lambda name, step: alpha

    def start(self, model: Backbone, detached: bool = False) -> Parameters:
        """What the steps begin with on every task. detached: as leaves of their own, without touching the model."""
        from engine.adaptation.inner_loop import start_of

        return start_of(model) if detached else dict(model.named_parameters())

    def inner_loop(self, model: Backbone, steps: int, second_order: bool) -> InnerLoop:
        from engine.adaptation.inner_loop import InnerLoop

        clip = self.hyperparameters.inner_clip or None
        return InnerLoop(self.rate(model), steps, second_order, self.adapts(model), clip)

    def adaptation(self, model: Backbone, steps: int, second_order: bool) -> Adaptation:
        """What becomes of the parameters on a task."""
        from engine.adaptation.adapting import Adaptation

        return Adaptation(self.inner_loop(model, steps, second_order))

    def in_training(self, model: Backbone, run: MetaRun) -> Adaptation | None:
        if not knows(type(self), "in_training", "start", "query_loss", "task_gradient"):
            return None
        return self.adaptation(model, self.hyperparameters.inner_steps, self.second_order(run))

    def at_test(self, model: Backbone, steps: int) -> Adaptation | None:
        if not knows(type(self), "at_test", "start", "classifiers", "classifier", "batch_statistics"):
            return None
        return self.adaptation(model, steps, second_order=False)

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        from engine.adaptation.objective import loss
        from engine.backbones.backbone import applied, still_statistics

        with still_statistics(model):
            adaptation = self.adaptation(model, self.hyperparameters.inner_steps, self.second_order(run))
            *_, adapted = adaptation.path(model, self.start(model), task.support_inputs, task.support_targets)
            outputs = applied(model, adapted, task.query_inputs)
        return Outcome(loss(outputs, task.query_targets), outputs.detach())

    def task_gradient(self, model: Backbone, task: Task, run: MetaRun) -> TaskGradient:
        adaptation = self.adaptation(model, self.hyperparameters.inner_steps, self.second_order(run))
        if adaptation.outer == "displacement":
            return self._displacement(adaptation, model, task)
        return super().task_gradient(model, task, run)

    def _displacement(self, adaptation: Adaptation, model: Backbone, task: Task) -> TaskGradient:
        """θ - φ of one task."""
        import torch

        from engine.adaptation.objective import figures, loss
        from engine.backbones.backbone import applied, still_statistics

        start, detached = dict(model.named_parameters()), self.start(model, detached=True)
        with still_statistics(model):
            *_, adapted = adaptation.path(model, detached, task.support_inputs, task.support_targets)
            with torch.no_grad():
                outputs = applied(model, adapted, task.query_inputs)
        moved = [start[name].detach() - adapted[name].detach() for name in start if start[name].requires_grad]
        return TaskGradient(moved, figures(outputs, task.query_targets, loss(outputs, task.query_targets)))

    def clip(self, model: Backbone) -> None:
        from torch.nn.utils import clip_grad_value_

        clip_grad_value_(model.parameters(), self.hyperparameters.gradient_clip)

    def batch_statistics(self, model: Backbone) -> AbstractContextManager[None]:
        """At test: normalise by the batch, or by the running statistics."""
        from engine.backbones.backbone import still_statistics

        return still_statistics(model) if self.transductive else nullcontext()

    def classifiers(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int, steps: int) -> Classifiers:
        model.eval()
        start = self.start(model, detached=True)
        path = self.adaptation(model, steps, second_order=False).path(model, start, inputs, targets)
        for _ in range(steps + 1):
            with self.batch_statistics(model):
                adapted = next(path)
            yield self.classifier(model, adapted)

    def classifier(self, model: Backbone, adapted: Parameters) -> Classifier:
        """The network with these parameters, without gradient."""
        import torch

        from engine.backbones.backbone import applied

        @torch.no_grad()
        def classify(queries: Tensor) -> Tensor:
            with self.batch_statistics(model):
                return applied(model, adapted, queries)

        return classify
