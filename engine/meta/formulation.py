"""How the tasks of a meta-batch are computed. All ways leave the same mean gradient in `.grad`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.methods.meta_learner import learnt

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.meta.task import Task
    from engine.methods.meta_learner import MetaLearner, TaskGradient

Formulation = Callable[["MetaLearner", "Backbone", "Sequence[Task]"], dict[str, float]]


def usual(method: MetaLearner, model: Backbone) -> Formulation:
    """What serves where nothing was timed: all tasks stacked where that is right, else one after the other."""
    from engine.meta.stacked import stacked, stacks

    return stacked if stacks(method, model) else one_by_one


def one_by_one(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
    """One task after the other."""
    total = Total(model, len(tasks))
    for task in tasks:
        total.add(method.task_gradient(model, task))
    return total.leave()


class Total:
    """Adds up the gradients and figures of tasks; `leave` puts the means into `.grad` and returns the figures'."""

    def __init__(self, model: Backbone, count: int) -> None:
        self._parameters = learnt(model)
        self._count = count
        self._sums: list[Tensor | None] = [None] * len(self._parameters)
        self._figures: dict[str, Tensor] = {}

    def add(self, found: TaskGradient) -> None:
        self._sums = [_plus(total, part) for total, part in zip(self._sums, found.gradients, strict=True)]
        for name, value in found.figures.items():
            self._figures[name] = self._figures.get(name, torch.zeros_like(value)) + value

    def merge(self, others: Iterable[Total]) -> None:
        for other in others:
            self._sums = [_plus(total, part) for total, part in zip(self._sums, other._sums, strict=True)]
            for name, value in other._figures.items():
                self._figures[name] = self._figures.get(name, torch.zeros_like(value)) + value

    def leave(self) -> dict[str, float]:
        for parameter, total in zip(self._parameters, self._sums, strict=True):
            parameter.grad = None if total is None else total / self._count
        return {name: float(value) / self._count for name, value in self._figures.items()}


def _plus(total: Tensor | None, part: Tensor | None) -> Tensor | None:
    if total is None or part is None:
        return part if total is None else total
    return total + part
