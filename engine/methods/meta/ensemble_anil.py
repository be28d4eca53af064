"""Ensemble ANIL: several heads, each adapted to the task as in ANIL, whose mean prediction says how sure it is.

A set of particles stands for what may be believed of a head after a few examples, in the manner of deep ensembles
(Lakshminarayanan et al. 2017) and of Bayesian MAML (Yoon et al. 2018, arXiv 1806.03836), on one meta-learned trunk
(Raghu et al. 2020). What keeps the particles apart is that each begins as a head of its own, learnt for its own loss; a
repulsion may be added. All share their features, so what the trunk does not see, none of them doubts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from engine.data.target import NUMBERS, asked
from engine.meta.learner import Outcome
from engine.meta.roles import MetaRun, Steps
from engine.method import Classifiers, hyper
from engine.methods.meta.maml import MAML, MAMLHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class EnsembleHyperparameters(MAMLHyperparameters):
    particles: int = hyper(5, "Particles", "Heads that are adapted side by side to each task.", low=2, high=50)
    repulsion: float = hyper(
        0.0, "Repulsion", "How strongly the heads are kept apart while they adapt; 0 leaves them to their own starts.",
        low=0.0, high=10.0,
    )  # fmt: skip
    inner_steps: int = hyper(5, "Inner steps", "Gradient steps on the heads while meta-training.", low=1, high=50)
    test_steps: int = hyper(5, "Inner steps at test", "Gradient steps on the heads for a new task.", low=1, high=100)
    order: Literal["second order", "first order"] = hyper(
        "second order", "Meta-gradient", "Second order differentiates through the steps of the heads."
    )


class EnsembleANIL(MAML):
    name = "ensemble_anil"
    order = 410
    title = "Ensemble ANIL"
    group = "Bayesian"
    idea = "Adapt several heads to each task: where they disagree, the prediction is unsure."
    paper = "Yoon et al. 2018, Bayesian Model-Agnostic Meta-Learning, arXiv 1806.03836 (particles; the heads of ANIL)"
    Hyperparameters = EnsembleHyperparameters
    becomes = "trained", "adapted"
    presets = {
        "Minutes on a laptop": {},
        "Sinusoid": {"shot": 5, "query": 10, "inner_rate": 0.01, "meta_batch": 4, "steps": 20_000, "test_steps": 10},
    }

    @property
    def meets(self) -> Steps:
        return Steps(self.hyperparameters.test_steps, head=False)

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.particles import Heads

        model.meta = Heads(self.hyperparameters.particles, model.features, way)

    def fixed_way(self, model: Backbone) -> int:
        return start_heads(model).shape[1]

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        from engine.adaptation.comparing import with_ones
        from engine.adaptation.particles import mean_loss, outputs_of, together
        from engine.backbones.backbone import still_statistics

        with still_statistics(model):
            support, query = (with_ones(model.embed(x)) for x in (task.support_inputs, task.query_inputs))
        steps = self.hyperparameters.inner_steps
        *_, heads = self._path(start_heads(model), support, task.support_targets, steps, self.second_order(run))
        value = mean_loss(heads, query, task.query_targets)
        return Outcome(value, together(outputs_of(heads.detach(), query.detach()), task.is_regression))

    def classifiers(self, model: Backbone, inputs: Tensor, targets: Tensor, way: int, steps: int) -> Classifiers:
        import torch

        from engine.adaptation.comparing import with_ones

        model.eval()
        with torch.no_grad(), self.batch_statistics(model):
            support = with_ones(model.embed(inputs))
        start = start_heads(model).detach().requires_grad_()
        for heads in self._path(start, support, targets, steps, second_order=False):
            yield Ensemble(self, model, heads.detach(), asked(targets) == NUMBERS)

    def _path(
        self, heads: Tensor, features: Tensor, targets: Tensor, steps: int, second_order: bool
    ) -> Iterator[Tensor]:
        from engine.adaptation.particles import steps_of

        values = self.hyperparameters
        return steps_of(
            heads, features, targets, steps, values.inner_rate, second_order=second_order,
            clip=values.inner_clip or None, repulsion=values.repulsion,
        )  # fmt: skip


def start_heads(model: Backbone) -> Tensor:
    """The heads that every task starts from: [particles, outputs, features + 1]."""
    from engine.adaptation.particles import Heads

    assert isinstance(model.meta, Heads)
    return model.meta.values


class Ensemble:
    """The adapted particles as one classifier: inputs -> log of the mean probability [n, way], or the mean prediction
    [n, 1]. `deviation`: standard deviation over the particles [n, 1] of predictions, or of probabilities [n, way]."""

    def __init__(self, method: EnsembleANIL, model: Backbone, heads: Tensor, regression: bool) -> None:
        self._method, self._model, self._heads, self._regression = method, model, heads, regression

    def __call__(self, inputs: Tensor) -> Tensor:
        from engine.adaptation.particles import together

        return together(self._outputs(inputs), self._regression)

    def deviation(self, inputs: Tensor) -> Tensor:
        outputs = self._outputs(inputs)
        return (outputs if self._regression else outputs.softmax(2)).std(0, correction=0)

    def _outputs(self, inputs: Tensor) -> Tensor:
        import torch

        from engine.adaptation.comparing import with_ones
        from engine.adaptation.particles import outputs_of

        with torch.no_grad(), self._method.batch_statistics(self._model):
            return outputs_of(self._heads, with_ones(self._model.embed(inputs)))
