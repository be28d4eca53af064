"""Many tasks at once: the adapted weights of every task stacked, each layer one operation for all of them.

What becomes of a task is said by the method's `Adaptation`, whose steps are carried out here as they are for one task;
a method that says it in any other way, or a network with an unknown layer, is computed task by task.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.adaptation.adapting import Adaptation, within
from engine.adaptation.inner_loop import BatchSteps, Parameters, in_turn
from engine.backbones.backbone import Backbone, batch_norms
from engine.backbones.kernels.conv_block import remember
from engine.data.target import CLASSES, NUMBERS, asked
from engine.machine.devices import sharing_threads
from engine.meta.batch.stacked_network import StackedNetwork, Told, stacked_network
from engine.meta.learner import MetaLearner, TaskGradient, learnt
from engine.meta.roles import MetaRun
from engine.meta.task import Task, together

Forward = Callable[[Parameters, Tensor], Tensor]
SIZES = (1, 2, 4, 8)
KEPT = 32  # times the widest maps are what is kept for the way back, about
MOST = 8  # convolutional tasks at once; beyond that little is gained
MAPS_BYTES = {"cpu": 2 << 20, "cuda": 1 << 27}  # that the widest convolution reads, for all tasks at once


@dataclass(frozen=True)
class Stacked(ABC):
    """A network for many tasks at once."""

    network: StackedNetwork

    @abstractmethod
    def images(self, task: Task) -> int:
        """Of a task, whose maps are kept at one time."""

    @abstractmethod
    def gradient(self, model: Backbone, tasks: Sequence[Task]) -> TaskGradient:
        """The sums over tasks, of equal shapes, of their outer gradients and figures."""

    def size(self, tasks: Sequence[Task], chosen: int | None = None) -> int:
        """How many of these tasks to compute at once in training; 1 where they cannot be.

        chosen: as was measured; else it follows from network, shapes and machine. Tasks of many images keep a processor
        busy as they are.
        """
        if len({_shapes(task) for task in tasks}) > 1:
            return 1
        if not self.network.convolutions:
            return len(tasks)
        if chosen is not None:
            return min(chosen, len(tasks))
        device = tasks[0].query_inputs.device.type
        room = MAPS_BYTES.get(device, 0) // max(1, self._maps_bytes(tasks[0]))
        share = math.ceil(len(tasks) / sharing_threads())
        most = min(room, share, MOST) if device == "cpu" else min(room, len(tasks))
        return 1 << (most.bit_length() - 1) if most else 1

    def sizes(self, tasks: Sequence[Task]) -> list[int]:
        """All that may be chosen, the usual one first; each rounds otherwise."""
        usual, on_cpu = self.size(tasks), tasks[0].query_inputs.device.type == "cpu"
        fits = [size for size in SIZES if size <= len(tasks) and self.size(tasks, size) == size]
        return [usual, *(size for size in fits if size != usual)] if on_cpu else [usual]

    def bytes_of(self, tasks: Sequence[Task]) -> int:
        """About what the gradient of one of these tasks takes."""
        return KEPT * self._maps_bytes(tasks[0])

    def _maps_bytes(self, task: Task) -> int:
        """Of the largest maps that a convolution of one task reads: each block halves their sides."""
        positions, size = task.query_inputs[0, 0].numel(), task.query_inputs.element_size()
        widest = (c * (positions >> 2 * number) for number, c in enumerate(self.network.convolutions))
        return self.images(task) * size * max(widest, default=0)


@dataclass(frozen=True)
class StackedAdaptation(Stacked):
    """And what becomes of its parameters on each of them."""

    adaptation: Adaptation

    def images(self, task: Task) -> int:
        support, query = len(task.support_inputs), len(task.query_inputs)
        if self.adaptation.outer == "displacement":
            return max(support, query // 4)  # nothing is kept of the query images
        return max(support * (1 if self.adaptation.reach else self.adaptation.inner.steps), query)

    def gradient(self, model: Backbone, tasks: Sequence[Task]) -> TaskGradient:
        x, y, query, wanted = together(tasks)
        start = copies(model, len(tasks))
        call, x, query = _reached(self.network, self.adaptation.reach, start, x, query)
        *_, adapted = _path(self.adaptation, call, start, x, y)
        if self.adaptation.outer == "displacement":
            with torch.no_grad():
                outputs = call(adapted, query)
            learns = [name for name, value in start.items() if value.requires_grad]
            moved = [(start[name].detach() - adapted[name].detach()).sum(0) for name in learns]
            return TaskGradient(moved, figures(losses(outputs, wanted), outputs, wanted))
        outputs = call(adapted, query)
        values = losses(outputs, wanted)
        gradients = torch.autograd.grad(values.sum(), learnt(model), allow_unused=True)
        return TaskGradient(gradients, figures(values.detach(), outputs, wanted))

    def scores(self, model: Backbone, tasks: Sequence[Task]) -> Tensor:
        """Accuracy or squared error after 0, 1, … inner steps, [tasks, steps + 1]; NaN where an output is not a number.
        The tasks have equal shapes."""
        model.eval()
        x, y, query, wanted = together(tasks)
        start = {name: value.detach().requires_grad_() for name, value in copies(model, len(tasks)).items()}
        with torch.no_grad():
            call, x, query = _reached(self.network, self.adaptation.reach, start, x, query)
        found = []
        for adapted in _path(self.adaptation, call, start, x, y):
            with torch.no_grad():
                found.append(scores(call(adapted, query), wanted))
        return torch.stack(found, 1)


@dataclass(frozen=True)
class StackedEmbedding(Stacked):
    """And the method that embeds each of them as a whole."""

    method: MetaLearner

    def images(self, task: Task) -> int:
        return len(task.support_inputs) + len(task.query_inputs)

    def gradient(self, model: Backbone, tasks: Sequence[Task]) -> TaskGradient:
        inputs = torch.stack([torch.cat([task.support_inputs, task.query_inputs]) for task in tasks])
        told: Told = {}
        features = self.network.embed(copies(model, len(tasks)), inputs, told)
        found = [self.method.from_features(model, own, task) for own, task in zip(features, tasks, strict=True)]
        values = torch.stack([one.loss for one in found])
        gradients = torch.autograd.grad(values.sum(), learnt(model), allow_unused=True)
        for block, (means, variances, count) in told.items():
            for mean, variance in zip(means, variances, strict=True):
                remember(model.get_submodule(block), mean, variance, count)  # type: ignore[arg-type]
        outputs, wanted = torch.stack([one.outputs for one in found]), torch.stack([t.query_targets for t in tasks])
        return TaskGradient(gradients, figures(values.detach(), outputs, wanted))


def stacked(method: MetaLearner, model: Backbone, network: StackedNetwork | None, run: MetaRun) -> Stacked | None:
    """How the method trains on several tasks at once; None where it does not."""
    if network is not None and method.embeds_first:
        return StackedEmbedding(network, method)
    return _adapting(network, method.in_training(model, run))


def _adapting(network: StackedNetwork | None, adaptation: Adaptation | None) -> StackedAdaptation | None:
    """None where the network or what becomes of it is not one that is known here."""
    if network is None or adaptation is None or not adaptation.can_be_stacked:
        return None
    return StackedAdaptation(network, adaptation)


def stacked_at_test(method: MetaLearner, model: Backbone, steps: int) -> StackedAdaptation | None:
    """How new tasks are met so; None where they cannot be."""
    if next(batch_norms(model), None) is not None:
        return None
    return _adapting(stacked_network(model), method.at_test(model, steps))


def _shapes(task: Task) -> tuple[object, ...]:
    return tuple((part.shape, part.dtype) for part in task.parts)


def _reached(
    network: StackedNetwork, reach: str, start: Parameters, x: Tensor, query: Tensor
) -> tuple[Forward, Tensor, Tensor]:
    """What of the network the inner loop runs, and support and query inputs of that."""
    if reach == "head.":
        return network.head, network.embed(start, x), network.embed(start, query)
    return network, x, query


def copies(model: Backbone, count: int) -> Parameters:
    """Every parameter as [count, …], a view of the one there is. What the inner rates are made of is left out."""
    named = model.named_parameters()
    return {name: value.expand(count, *value.shape) for name, value in named if not name.startswith("meta.")}


def _path(adaptation: Adaptation, call: Forward, start: Parameters, x: Tensor, y: Tensor) -> Iterator[Parameters]:
    """The stacked parameters within reach after 0, 1, … steps on x, y [tasks, k, …]. Tasks do not share a parameter,
    so that the gradient of the sum of their losses is each one's own."""
    inner, own = adaptation.inner, within(start, adaptation.reach)
    if isinstance(inner, BatchSteps):
        rows = torch.arange(len(y), device=y.device)[:, None]
        batches = [torch.stack(parts) for parts in zip(*(in_turn(targets, inner.batch) for targets in y), strict=True)]
        return inner.descent(own, lambda now, b: losses(call(now, x[rows, b]), y[rows, b]).sum(), batches)
    return inner.descent(own, lambda now: losses(call(now, x), y).sum())


def losses(outputs: Tensor, targets: Tensor) -> Tensor:
    """Loss of each task [tasks]; outputs: [tasks, n, way]; targets: int64 [tasks, n] or float [tasks, n, 1]."""
    if asked(targets) == NUMBERS:
        return (outputs - targets).square().flatten(1).mean(1)
    return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape).mean(1)


def scores(outputs: Tensor, targets: Tensor) -> Tensor:
    """Squared error or accuracy of each task [tasks], NaN where an output is not a number."""
    if asked(targets) == NUMBERS:
        found = losses(outputs, targets)
    else:
        found = (outputs.argmax(-1) == targets).float().mean(1)
    return torch.where(torch.isfinite(outputs).flatten(1).all(1), found, torch.nan)


def figures(values: Tensor, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Sums over tasks of loss and, for classes, accuracy. values: each task's loss [tasks]."""
    found = {"loss": values.sum()}
    if asked(targets) == CLASSES:
        found["accuracy"] = (outputs.detach().argmax(-1) == targets).float().mean(1).sum()
    return found
