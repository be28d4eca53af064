"""How the tasks of a meta-batch are computed: in portions of one or several tasks, one portion after the other or
shared out over threads. All ways leave the mean gradient in `.grad`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.meta.learner import learnt

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.meta.learner import MetaLearner, TaskGradient
    from engine.meta.task import Task

Formulation = Callable[["MetaLearner", "Backbone", "Sequence[Task]"], dict[str, float]]


def one_by_one(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
    """One portion after the other."""
    total = Total(model, len(tasks))
    for portion in portions(method, model, tasks):
        total.add(gradient(method, model, portion))
    return total.leave()


def portions(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> list[Sequence[Task]]:
    """The tasks in order, as many at a time as are best computed at once."""
    from engine.meta.batch.stacked import size_together

    size = size_together(method, model, tasks)
    return [tasks[start : start + size] for start in range(0, len(tasks), size)]


def gradient(method: MetaLearner, model: Backbone, portion: Sequence[Task]) -> TaskGradient:
    """The sum of the outer gradients of these tasks."""
    from engine.meta.batch.stacked import stacked_gradient

    return stacked_gradient(method, model, portion) if len(portion) > 1 else method.task_gradient(model, portion[0])


class Total:
    """Adds up the gradients and figures of `count` tasks; `leave` puts the means into `.grad` and returns the
    figures'."""

    def __init__(self, model: Backbone, count: int) -> None:
        self._parameters = learnt(model)
        self._count = count
        self._sums: list[Tensor | None] = [None] * len(self._parameters)
        self._figures: dict[str, Tensor] = {}

    def add(self, found: TaskGradient) -> None:
        totals, parts = [], []
        for place, part in enumerate(found.gradients):
            if part is not None:
                total = self._sums[place]
                # Laid out in memory like the parameter: a fused optimiser takes them for that.
                self._sums[place] = total = torch.zeros_like(self._parameters[place]) if total is None else total
                totals.append(total)
                parts.append(part)
        with torch.no_grad():
            torch._foreach_add_(totals, parts)
        for name, value in found.figures.items():
            self._figures[name] = self._figures.get(name, torch.zeros_like(value)) + value

    def leave(self) -> dict[str, float]:
        for parameter, total in zip(self._parameters, self._sums, strict=True):
            parameter.grad = None if total is None else total / self._count
        return {name: float(value) / self._count for name, value in self._figures.items()}
