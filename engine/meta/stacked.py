"""Many tasks at once: the adapted weights of every task stacked, each layer one operation for all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone, batch_norms
from engine.devices import sharing_threads
from engine.meta.inner_loop import InnerLoop, Parameters, descended
from engine.meta.inner_optimiser import SECOND_MOMENT, TINY, clipped
from engine.meta.stacked_network import StackedNetwork, stacked_network
from engine.meta.task import Task
from engine.methods.anil import ANIL
from engine.methods.gradient_based import GradientBased
from engine.methods.meta_learner import MetaLearner, TaskGradient, learnt
from engine.methods.reptile import Reptile, in_turn

Forward = Callable[[Parameters, Tensor], Tensor]
PARTS = ("support_inputs", "support_targets", "query_inputs", "query_targets")
# What of the network the inner loop reaches, by the part of a method that says so: in training, on a new task.
REACH = {GradientBased.query_loss: "", ANIL.query_loss: "head."}
REACH_AT_TEST = {GradientBased.classifiers: "", ANIL.classifiers: "head.", Reptile.classifiers: ""}
MOST = 8  # convolutional tasks at once; beyond that little is gained
UNFOLDED_BYTES = {"cpu": 10 << 20, "cuda": 1 << 30}  # of the widest convolution's maps, for all tasks at once


def size_together(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> int:
    """How many of these tasks to compute at once in training; 1 where they cannot be.

    Decided by the network, the shapes and the machine, never by a clock: the sums of a run round the same every time.
    Tasks of many images keep a processor busy as they are.
    """
    network = stacked_network(model) if _is_known(method) else None
    if network is None or len({tuple(getattr(task, part).shape for part in PARTS) for task in tasks}) > 1:
        return 1
    if not network.convolutions:
        return len(tasks)
    device = tasks[0].query_inputs.device.type
    room = UNFOLDED_BYTES.get(device, 0) // max(1, _unfolded_bytes(network, method, tasks[0]))
    share = math.ceil(len(tasks) / sharing_threads())
    most = min(room, share, MOST) if device == "cpu" else min(room, len(tasks))
    return 1 << (most.bit_length() - 1) if most else 1


def _is_known(method: MetaLearner) -> bool:
    kind = type(method)
    known = kind.query_loss in REACH and kind.task_gradient is MetaLearner.task_gradient
    return known or kind.task_gradient is Reptile.task_gradient


def _unfolded_bytes(network: StackedNetwork, method: Any, task: Task) -> int:
    """Of what the convolutions of one task see, at the most: each block halves the maps' sides."""
    support, query = len(task.support_inputs), len(task.query_inputs)
    if isinstance(method, Reptile):
        images = max(support, query // 4)  # nothing is kept of the query images
    else:
        images = max(support * (1 if isinstance(method, ANIL) else method.hyperparameters.inner_steps), query)
    positions, size = task.support_inputs[0, 0].numel(), task.support_inputs.element_size()
    return images * size * max(c * 9 * (positions >> 2 * number) for number, c in enumerate(network.convolutions))


def stacks_at_test(method: MetaLearner, model: Backbone) -> bool:
    """Whether new tasks can be met so."""
    known = type(method).classifiers in REACH_AT_TEST and next(batch_norms(model), None) is None
    return known and stacked_network(model) is not None


def stacked_gradient(method: Any, model: Backbone, tasks: Sequence[Task]) -> TaskGradient:
    """The sums over tasks, of equal shapes, of their outer gradients and figures; where `size_together` is over 1."""
    network = stacked_network(model)
    assert network is not None
    x, y, query, wanted = together(tasks)
    start, steps = copies(model, len(tasks)), method.hyperparameters.inner_steps
    if isinstance(method, Reptile):
        *_, adapted = _batches_path(method, network, start, x, y, steps)
        with torch.no_grad():
            outputs = network(adapted, query)
        learns = [name for name, value in start.items() if value.requires_grad]
        moved = [(start[name].detach() - adapted[name].detach()).sum(0) for name in learns]
        return TaskGradient(moved, figures(losses(outputs, wanted), outputs, wanted))
    inner, reach = method.inner_loop(model, steps, method.second_order), REACH[type(method).query_loss]
    call, x, query = _reached(network, reach, start, x, query)
    *_, adapted = _inner_path(inner, call, start, x, y, reach)
    outputs = call(adapted, query)
    values = losses(outputs, wanted)
    return TaskGradient(
        torch.autograd.grad(values.sum(), learnt(model), allow_unused=True), figures(values.detach(), outputs, wanted)
    )


def stacked_scores(method: Any, model: Backbone, tasks: Sequence[Task], steps: int) -> Tensor:
    """Accuracy or squared error after 0, 1, …, `steps` inner steps, [tasks, steps + 1]; NaN where an output is not a
    number. The tasks have equal shapes."""
    model.eval()
    x, y, query, wanted = together(tasks)
    start = {name: value.detach().requires_grad_() for name, value in copies(model, len(tasks)).items()}
    network, reach, found = stacked_network(model), REACH_AT_TEST[type(method).classifiers], []
    assert network is not None
    with torch.no_grad():
        call, x, query = _reached(network, reach, start, x, query)
    if isinstance(method, Reptile):
        path = _batches_path(method, call, start, x, y, steps)
    else:
        path = _inner_path(method.inner_loop(model, steps, False), call, start, x, y, reach)
    for adapted in path:
        with torch.no_grad():
            found.append(scores(call(adapted, query), wanted))
    return torch.stack(found, 1)


def _reached(
    network: StackedNetwork, reach: str, start: Parameters, x: Tensor, query: Tensor
) -> tuple[Forward, Tensor, Tensor]:
    """What of the network the inner loop runs, and support and query inputs of that."""
    if reach == "head.":
        return network.head, network.embed(start, x), network.embed(start, query)
    return network, x, query


def together(tasks: Sequence[Task]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Support inputs and targets, query inputs and targets of all tasks, each [tasks, n, …]."""
    x, y, query, wanted = (torch.stack([getattr(task, name) for task in tasks]) for name in PARTS)
    return x, y, query, wanted


def copies(model: Backbone, count: int) -> Parameters:
    """Every parameter as [count, …], a view of the one there is. What the inner rates are made of is left out."""
    named = model.named_parameters()
    return {name: value.expand(count, *value.shape) for name, value in named if not name.startswith("meta.")}


def _inner_path(
    inner: InnerLoop, call: Forward, start: Parameters, x: Tensor, y: Tensor, reach: str
) -> Iterator[Parameters]:
    """The stacked parameters after 0, 1, … steps on x, y [tasks, k, …]."""
    names = [name for name in start if name.startswith(reach) and inner.adapts(name)]
    now = dict(start)
    yield now
    for step in range(inner.steps):
        value = losses(call(now, x), y).sum()
        gradients = torch.autograd.grad(value, [now[name] for name in names], create_graph=inner.second_order)
        moved = (
            (name, descended(now[name], inner.rate(name, step), inner._clipped(gradient)))
            for name, gradient in zip(names, gradients, strict=True)
        )
        now = now | dict(moved)
        yield now


def _batches_path(
    method: Reptile, call: Forward, start: Parameters, x: Tensor, y: Tensor, steps: int
) -> Iterator[Parameters]:
    """Reptile's: SGD or Adam without momentum on batches of the support set."""
    settings, names = method.hyperparameters, list(start)
    now = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    squares = {name: torch.zeros_like(value) for name, value in now.items()}
    yield now
    for number, batch in enumerate(islice(cycle(in_turn(y[0], settings.inner_batch)), steps), 1):
        value = losses(call(now, x[:, batch]), y[:, batch]).sum()
        moved = {}
        for name, gradient in zip(names, torch.autograd.grad(value, [now[name] for name in names]), strict=True):
            step = clipped(gradient, settings.inner_clip or None)
            if settings.inner_optimiser != "SGD":
                squares[name] = SECOND_MOMENT * squares[name] + (1 - SECOND_MOMENT) * step.square()
                step = step / ((squares[name] / (1 - SECOND_MOMENT**number)).sqrt() + TINY)
            moved[name] = (now[name].detach() - settings.inner_rate * step).requires_grad_()
        now = moved
        yield now


def losses(outputs: Tensor, targets: Tensor) -> Tensor:
    """Loss of each task [tasks]; outputs: [tasks, n, way]; targets: int64 [tasks, n] or float [tasks, n, 1]."""
    if targets.is_floating_point():
        return (outputs - targets).square().flatten(1).mean(1)
    return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape).mean(1)


def scores(outputs: Tensor, targets: Tensor) -> Tensor:
    """Squared error or accuracy of each task [tasks], NaN where an output is not a number."""
    if targets.is_floating_point():
        found = losses(outputs, targets)
    else:
        found = (outputs.argmax(-1) == targets).float().mean(1)
    return torch.where(torch.isfinite(outputs).flatten(1).all(1), found, torch.nan)


def figures(values: Tensor, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Sums over tasks of loss and, for classes, accuracy. values: each task's loss [tasks]."""
    found = {"loss": values.sum()}
    if not targets.is_floating_point():
        found["accuracy"] = (outputs.detach().argmax(-1) == targets).float().mean(1).sum()
    return found
