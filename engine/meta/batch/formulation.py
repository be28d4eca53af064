"""The outer gradient of a meta-batch: its tasks in portions of one or several, one portion after the other or shared
out over threads; the faster way, by a timed step at the start.

Only ways whose results are the same to the last bit are timed against each other, so a run repeats exactly whichever is
chosen. How many tasks are computed at once, which differs by rounding, follows from network, shapes and machine.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from functools import partial

import torch
from torch import Tensor

from engine.backbones.backbone import Backbone
from engine.events import Notice
from engine.machine.devices import sharing_threads
from engine.meta.batch.sharing import Crew, OwnStatistics, keeps_statistics, shares
from engine.meta.batch.stacked import Stacked, stacked
from engine.meta.batch.stacked_network import stacked_network
from engine.meta.learner import MetaLearner, TaskGradient, knows, learnt
from engine.meta.roles import MetaRun
from engine.meta.task import Task

WORTH_TIMING = 20  # meta-steps from which timing costs less than it can save
ROUNDS = 2  # the better of so many is taken


class MetaGradient:
    """Of a method on a network. own_statistics: each portion has batch norm's running statistics of its own, which are
    added up in the tasks' order, as several threads need it."""

    def __init__(self, method: MetaLearner, model: Backbone, threads: int = 1, own_statistics: bool = False) -> None:
        self.method, self.model = method, model
        self.crew = Crew(model, threads)
        self._own_statistics = own_statistics
        self._network = stacked_network(model)

    def __call__(self, tasks: Sequence[Task], run: MetaRun) -> dict[str, float]:
        """Leave the mean over these tasks in `.grad`; return the means of their figures."""
        self.model.train()
        found = self._in_one(tasks, run) or self.in_portions(tasks, run)
        self.method.clip(self.model)
        return found

    def _in_one(self, tasks: Sequence[Task], run: MetaRun) -> dict[str, float] | None:
        if not knows(type(self.method), "in_one", "query_loss", "task_gradient"):
            return None
        whole = self.method.in_one(self.model, tasks, run)
        if whole is None:
            return None
        self.model.zero_grad(set_to_none=True)
        whole.loss.backward()
        return {name: float(value) for name, value in whole.figures.items()}

    def in_portions(self, tasks: Sequence[Task], run: MetaRun) -> dict[str, float]:
        total, together = Total(self.model, len(tasks)), self.together(run)
        parts = portions(tasks, together)
        for found, statistics in self.crew.in_order(partial(self._portion, together, run), parts):
            total.add(found)
            if statistics is not None:
                statistics.add_to(self.model)
        return total.leave()

    def together(self, run: MetaRun) -> Stacked | None:
        """How several tasks are computed at once; None where they are not."""
        return stacked(self._network, self.method.in_training(self.model, run))

    def _portion(
        self, together: Stacked | None, run: MetaRun, model: Backbone, part: Sequence[Task]
    ) -> tuple[TaskGradient, OwnStatistics | None]:
        """The sum of the outer gradients of these tasks."""
        if not self._own_statistics:
            return self._gradient(together, run, model, part), None
        with OwnStatistics(model) as statistics:
            return self._gradient(together, run, model, part), statistics

    def _gradient(self, together: Stacked | None, run: MetaRun, model: Backbone, part: Sequence[Task]) -> TaskGradient:
        if together is not None and len(part) > 1:
            return together.gradient(model, part)
        return self.method.task_gradient(model, part[0], run)


def portions(tasks: Sequence[Task], together: Stacked | None) -> list[Sequence[Task]]:
    """The tasks in order, as many at a time as are best computed at once."""
    size = 1 if together is None else together.size(tasks)
    return [tasks[start : start + size] for start in range(0, len(tasks), size)]


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


def quicker(plain: MetaGradient, tasks: Sequence[Task]) -> Generator[Notice, None, MetaGradient]:
    """Returns the quicker way and says which and why; leaves the model as it was."""
    method, model = plain.method, plain.model
    parts = portions(tasks, plain.together(MetaRun()))
    if len(parts) < 2 or not shares(method, model):
        return plain
    own = keeps_statistics(method, model)
    shared = MetaGradient(method, model, min(sharing_threads(), len(parts)), own)
    torch.set_num_threads(1)  # in both: sums over several threads are rounded otherwise
    single = MetaGradient(method, model, own_statistics=True) if own else plain  # adds statistics up in the same way
    before = [buffer.clone() for buffer in model.buffers()]
    single.in_portions(tasks[:1], MetaRun())
    alone, together = (_seconds(way, tasks) for way in (single, shared))
    model.zero_grad(set_to_none=True)
    for buffer, value in zip(model.buffers(), before, strict=True):
        buffer.copy_(value)
    yield Notice(_words(alone, together, shared.crew.threads, len(parts[0])))
    return shared if together < alone else single


def _seconds(way: MetaGradient, tasks: Sequence[Task]) -> float:
    way.model.train()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        way.in_portions(tasks, MetaRun())
        taken.append(time.perf_counter() - start)
    return min(taken)


def _words(alone: float, together: float, threads: int, size: int) -> str:
    both = f"{1000 * together:.0f} ms a meta-step on {threads} threads, {1000 * alone:.0f} ms on one"
    where = f"on {threads} threads" if together < alone else "on one thread"
    return f"Tasks are computed {f'{size} at a time' if size > 1 else 'each by itself'}, {where}: {both}."
