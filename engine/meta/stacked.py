"""Many tasks at once: the adapted weights of every task stacked, the network mapped over them.

Only for networks without batch norm: its statistics belong to one task, and mapped over tasks its second derivative can
be silently wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from engine.backbones.backbone import Backbone, batch_norms
from engine.meta.inner_loop import InnerLoop, Parameters
from engine.meta.inner_optimiser import SECOND_MOMENT, TINY, clipped
from engine.meta.task import Task
from engine.methods.anil import ANIL
from engine.methods.gradient_based import GradientBased
from engine.methods.meta_learner import MetaLearner, learnt
from engine.methods.reptile import Reptile, in_turn

Forward = Callable[[Parameters, Tensor], Tensor]
PARTS = ("support_inputs", "support_targets", "query_inputs", "query_targets")
# What of the network the inner loop reaches, by the part of a method that says so: in training, on a new task.
REACH = {GradientBased.query_loss: "", ANIL.query_loss: "head."}
REACH_AT_TEST = {GradientBased.classifiers: "", ANIL.classifiers: "head.", Reptile.classifiers: ""}


def stacks(method: MetaLearner, model: Backbone) -> bool:
    """Whether the tasks of this method and network can be computed so in training, and fast: convolutions with the
    weights of every task are several times slower than one task after the other (two of them: 3 times)."""
    if any(isinstance(module, nn.Conv2d) for module in model.modules()):
        return False
    kind = type(method)
    known = kind.query_loss in REACH and kind.task_gradient is MetaLearner.task_gradient
    return (known or kind.task_gradient is Reptile.task_gradient) and next(batch_norms(model), None) is None


def stacks_at_test(method: MetaLearner, model: Backbone) -> bool:
    """Whether new tasks can be met so."""
    return type(method).classifiers in REACH_AT_TEST and next(batch_norms(model), None) is None


def stacked(method: Any, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
    """A `Formulation`, where `stacks`: leaves the mean gradient in `.grad`, returns the means of the figures."""
    x, y, query, wanted = together(tasks)
    start, steps, call = copies(model, len(tasks)), method.hyperparameters.inner_steps, forward(model)
    if isinstance(method, Reptile):
        *_, adapted = _batches_path(method, call, start, x, y, steps)
        for name, parameter in model.named_parameters():
            parameter.grad = parameter.detach() - adapted[name].detach().mean(0)
        with torch.no_grad():
            outputs = call(adapted, query)
        return figures(losses(outputs, wanted).mean(), outputs, wanted)
    reach = REACH[type(method).query_loss]
    inner = method.inner_loop(model, steps, method.second_order)
    *_, adapted = _inner_path(inner, call, start, x, y, reach)
    outputs = call(adapted, query)
    value = losses(outputs, wanted).mean()
    parameters = learnt(model)
    found = torch.autograd.grad(value, parameters, allow_unused=True)
    for place, gradient in enumerate(found):
        parameters[place].grad = gradient
    return figures(value, outputs, wanted)


def stacked_scores(method: Any, model: Backbone, tasks: Sequence[Task], steps: int) -> Tensor:
    """Accuracy or squared error after 0, 1, …, `steps` inner steps, [tasks, steps + 1]; NaN where an output is not a
    number. The tasks have equal shapes."""
    model.eval()
    x, y, query, wanted = together(tasks)
    start = {name: value.detach().requires_grad_() for name, value in copies(model, len(tasks)).items()}
    call, found = forward(model), []
    if isinstance(method, Reptile):
        path = _batches_path(method, call, start, x, y, steps)
    else:
        inner = method.inner_loop(model, steps, False)
        path = _inner_path(inner, call, start, x, y, REACH_AT_TEST[type(method).classifiers])
    for adapted in path:
        with torch.no_grad():
            found.append(scores(call(adapted, query), wanted))
    return torch.stack(found, 1)


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
            (name, now[name] - inner.rate(name, step) * inner._clipped(gradient))
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


def forward(model: Backbone) -> Forward:
    """The network with weights of its own for each task: [tasks, n, …] -> [tasks, n, way]."""
    leaves = [(name, part) for name, part in model.named_modules() if not list(part.children())]
    leaves = [(name, part) for name, part in leaves if name.partition(".")[0] != "meta"]
    if all(isinstance(part, nn.Linear | nn.ReLU | nn.Identity) for _, part in leaves):
        return _products(leaves)
    return vmap(lambda parameters, inputs: functional_call(model, parameters, (inputs,)))


def _products(leaves: Sequence[tuple[str, nn.Module]]) -> Forward:
    """Linear layers and ReLU one after the other, as batched matrix products: less to call than by vmap."""

    def call(parameters: Parameters, values: Tensor) -> Tensor:
        for name, part in leaves:
            if isinstance(part, nn.Linear):
                weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
                values = torch.baddbmm(bias.unsqueeze(1), values, weight.mT)
            elif isinstance(part, nn.ReLU):
                values = values.relu()
        return values

    return call


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


def figures(value: Tensor, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Loss and, for classes, accuracy over all tasks."""
    found = {"loss": float(value.detach())}
    if not targets.is_floating_point():
        found["accuracy"] = float((outputs.detach().argmax(-1) == targets).float().mean())
    return found
