"""iMAML: a task's weights solve a problem that is tied to θ, and the meta-gradient comes from the solution alone.

Inner problem: φ* = argmin L(φ, support) + λ/2 ‖φ - θ‖², by gradient steps. Meta-gradient: (I + H/λ)⁻¹ ∇L(φ*, query) by
conjugate gradients with products of the Hessian and a vector (Rajeswaran et al. 2019, arXiv 1909.04630). That is the
paper's; its authors' code takes plain steps, pulls back once after them, and solves 2I + H/(λ + 10) instead.
Memory does not grow with the inner steps. It is exact only where the inner problem is solved: too few steps, too weak a
pull or batch norm, whose Hessian has directions of negative curvature, leave an error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.meta.learner import TaskGradient
from engine.meta.roles import MetaRun
from engine.method import hyper
from engine.methods.meta.gradient_based import GradientBased, GradientHyperparameters

if TYPE_CHECKING:
    from engine.adaptation.inner_loop import InnerLoop
    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task


class ImplicitHyperparameters(GradientHyperparameters):
    pull: float = hyper(
        2.0, "Pull λ", "How strongly a task's weights are held to the shared ones; with batch norm, whose curvature "
        "can be negative, a weak pull makes the meta-gradient unreliable.", low=1e-3, high=1000.0, log=True,
    )  # fmt: skip
    cg_steps: int = hyper(
        5, "Conjugate-gradient steps", "Products with the Hessian per task that the meta-gradient is solved with.",
        low=1, high=100,
    )  # fmt: skip
    inner_rate: float = hyper(
        0.1, "Inner learning rate", "Step size on the inner problem; below 2 / (λ + curvature) it settles.",
        low=1e-5, high=10.0, log=True,
    )  # fmt: skip
    inner_steps: int = hyper(
        16, "Inner steps", "Gradient steps on the inner problem, which they should nearly solve.", low=1, high=200
    )
    test_steps: int = hyper(16, "Inner steps at test", "Gradient steps on a new task.", low=1, high=200)


class ImplicitMAML(GradientBased):
    name = "imaml"
    order = 370
    title = "iMAML"
    idea = "Tie each task's weights to the shared ones and get the meta-gradient from where they settle."
    paper = "Rajeswaran, Finn, Kakade & Levine 2019, Meta-Learning with Implicit Gradients, arXiv 1909.04630"
    differs = (
        "The matrix is the paper's, I + H/λ, and the pull acts in every inner step; the authors' code solves "
        "2I + H/(λ + 10) and pulls back once, after the steps."
    )
    Hyperparameters = ImplicitHyperparameters
    presets = {
        "Minutes on a laptop": {},
        "Paper's values, Omniglot": {"pull": 2.0, "inner_steps": 16, "cg_steps": 5, "meta_batch": 32},
    }

    def inner_loop(self, model: Backbone, steps: int, second_order: bool) -> InnerLoop:
        return replace(super().inner_loop(model, steps, second_order), pull=self.hyperparameters.pull)

    def task_gradient(self, model: Backbone, task: Task, run: MetaRun) -> TaskGradient:
        """(I + H/λ)⁻¹ ∇L(φ*, query) for what adapts; for the rest its direct gradient and what goes through φ*."""
        from engine.adaptation.implicit import implicit_gradient
        from engine.adaptation.inner_loop import start_of, twice_differentiable
        from engine.adaptation.objective import figures, loss
        from engine.backbones.backbone import applied, still_statistics

        settings, adapts = self.hyperparameters, self.adapts(model)
        with still_statistics(model):
            inner = self.inner_loop(model, settings.inner_steps, second_order=False)
            solved = inner.run(model, start_of(model), task.support_inputs, task.support_targets)
            solved = {name: value.detach().requires_grad_() for name, value in solved.items()}
            outputs = applied(model, solved, task.query_inputs)
            with twice_differentiable():
                support = applied(model, solved, task.support_inputs)
        value = loss(outputs, task.query_targets)
        inside = {name: p for name, p in solved.items() if adapts(name)}
        outside = {name: p for name, p in solved.items() if name not in inside}
        found = implicit_gradient(
            loss(support, task.support_targets), value, list(inside.values()), list(outside.values()),
            settings.pull, settings.cg_steps,
        )  # fmt: skip
        by_name = dict(zip([*inside, *outside], [*found[0], *found[1]], strict=True))
        gradients = [by_name[name] for name, p in model.named_parameters() if p.requires_grad]
        return TaskGradient(gradients, figures(outputs.detach(), task.query_targets, value))
