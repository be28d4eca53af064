"""MAML++: MAML made steadier by six changes (Antoniou, Edwards & Storkey 2019, arXiv 1810.09502).

The query loss is taken after every inner step; its weights go from even to the last step alone over the first tenth of
training. Every parameter has a learnt inner rate for each step, and batch norm a scale and shift for each step, which
serve the support set before it and the query set after it. Training may begin in first order, and the outer rate falls
along a cosine. The authors' code keeps running statistics for each step too but never uses them: every forward pass
normalises by its batch, so none are kept here. In the published configurations second order is used from the start.
Their ensemble of three checkpoints is left out.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.meta.learner import Outcome
from engine.meta.roles import MetaRun
from engine.method import hyper
from engine.methods.meta.maml import MAML, MAMLHyperparameters

if TYPE_CHECKING:
    from engine.adaptation.inner_loop import InnerLoop, Rate
    from engine.adaptation.learnt_rates import StepRates
    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task

LEAST = 0.03  # weight of an earlier step while weights are annealed, as a share of the even one


class MAMLPlusPlusHyperparameters(MAMLHyperparameters):
    inner_rate: float = hyper(
        0.1, "Inner rate at the start", "Every parameter's rate at every step begins here and is learnt.",
        low=1e-5, high=10.0, log=True,
    )  # fmt: skip
    inner_steps: int = hyper(5, "Inner steps", "Gradient steps on the support set while meta-training.", low=1, high=20)
    test_steps: int = hyper(
        5, "Inner steps at test", "Steps on a new task; beyond those of training the last step's rates serve.",
        low=1, high=100,
    )  # fmt: skip
    every_step_until: float = hyper(
        0.1, "Loss after every step", "Share of training in which the loss after earlier inner steps counts too.",
        low=0.0, high=1.0, advanced=True,
    )  # fmt: skip
    first_order_until: float = hyper(
        0.0, "First order at first", "Share of training in first order before second order takes over.",
        low=0.0, high=1.0, advanced=True,
    )  # fmt: skip
    final_rate: float = hyper(
        0.01, "Outer rate at the end", "Share of the outer learning rate that is left at the end of the cosine.",
        low=0.0, high=1.0, advanced=True,
    )  # fmt: skip


class MAMLPlusPlus(MAML):
    name = "maml_pp"
    order = 350
    title = "MAML++"
    idea = "MAML with a loss after every inner step, and rates and batch norm of their own for each step."
    paper = "Antoniou, Edwards & Storkey 2019, How to Train Your MAML, arXiv 1810.09502"
    differs = "The authors' ensemble of the three best checkpoints is left out."
    Hyperparameters = MAMLPlusPlusHyperparameters
    presets = {"Minutes on a laptop": {}, "Published values, Omniglot 20-way": {"way": 20, "query": 1, "steps": 50_000}}

    def second_order(self, run: MetaRun) -> bool:
        return super().second_order(run) and run.progress >= self.hyperparameters.first_order_until

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.inner_loop import norm_parameters
        from engine.adaptation.learnt_rates import StepRates

        adapts, norms, settings = self.adapts(model), norm_parameters(model), self.hyperparameters
        parameters = dict(model.named_parameters())
        model.meta = StepRates(
            [name for name in parameters if adapts(name)],
            {name: value for name, value in parameters.items() if name in norms},
            settings.inner_steps,
            settings.inner_rate,
        )

    def rate(self, model: Backbone) -> Rate:
        return step_rates(model).of

    def inner_loop(self, model: Backbone, steps: int, second_order: bool) -> InnerLoop:
        return replace(super().inner_loop(model, steps, second_order), at_step=step_rates(model).at_step)

    def inner_rates(self, model: Backbone) -> dict[str, float]:
        return step_rates(model).by_block()

    def rate_factor(self, run: MetaRun) -> float:
        last = float(self.hyperparameters.final_rate)
        return last + (1 - last) * (1 + math.cos(math.pi * run.progress)) / 2

    def query_loss(self, model: Backbone, task: Task, run: MetaRun) -> Outcome:
        from engine.adaptation.objective import loss
        from engine.backbones.backbone import applied, still_statistics

        settings = self.hyperparameters
        weights = step_weights(settings.inner_steps, run.progress, settings.every_step_until)
        with still_statistics(model):
            inner = self.inner_loop(model, settings.inner_steps, self.second_order(run))
            path = inner.path(model, dict(model.named_parameters()), task.support_inputs, task.support_targets)
            next(path)
            losses = []
            for weight, adapted in zip(weights, path, strict=True):
                if weight:
                    outputs = applied(model, adapted, task.query_inputs)
                    losses.append(weight * loss(outputs, task.query_targets))
        return Outcome(sum(losses[1:], losses[0]), outputs.detach())


def step_rates(model: Backbone) -> StepRates:
    """What `prepare` gave the model."""
    from engine.adaptation.learnt_rates import StepRates

    assert isinstance(model.meta, StepRates)
    return model.meta


def step_weights(steps: int, progress: float, until: float) -> list[float]:
    """Weight of the query loss after each inner step, adding up to 1: even at first; those of the earlier steps fall in
    a straight line, to a small rest, and are 0 from the share `until` of training on."""
    share = progress / until if until else 1.0
    earlier = max(1 - share, LEAST) / steps if share < 1 else 0.0
    return [*[earlier] * (steps - 1), 1 - earlier * (steps - 1)]
