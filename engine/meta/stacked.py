"""All tasks of a meta-batch at once: the adapted weights of every task stacked, the network mapped over them.

Right only for networks without batch norm, whose statistics would otherwise be taken wrongly in second order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from engine.backbones.backbone import Backbone, batch_norms
from engine.meta.inner_loop import Parameters
from engine.meta.inner_optimiser import SECOND_MOMENT, TINY
from engine.meta.task import Task
from engine.methods.anil import ANIL
from engine.methods.gradient_based import GradientBased
from engine.methods.meta_learner import MetaLearner, learnt
from engine.methods.reptile import Reptile, in_turn

Forward = Callable[[Parameters, Tensor], Tensor]
# What of the network the inner loop reaches, by the query loss of the method.
REACH = {GradientBased.query_loss: "", ANIL.query_loss: "head."}


def stacks(method: MetaLearner, model: Backbone) -> bool:
    """Whether the tasks of this method and network can be computed so."""
    known = type(method).query_loss in REACH and type(method).task_gradient is MetaLearner.task_gradient
    return (known or isinstance(method, Reptile)) and next(batch_norms(model), None) is None


def stacked(method: Any, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
    """A `Formulation`, where `stacks`: leaves the mean gradient in `.grad`, returns the means of the figures."""
    x, y, query, wanted = (torch.stack([getattr(task, name) for task in tasks]) for name in PARTS)
    start = {name: value.expand(len(tasks), *value.shape) for name, value in model.named_parameters()}
    if isinstance(method, Reptile):
        return _difference(method, model, start, (x, y, query, wanted))
    adapted = _adapted(method, model, start, x, y)
    outputs = _forward(model)(adapted, query)
    value = losses(outputs, wanted).mean()
    found = torch.autograd.grad(value, learnt(model), allow_unused=True)
    for parameter, gradient in zip(learnt(model), found, strict=True):
        parameter.grad = gradient
    return figures(value, outputs, wanted)


def _adapted(method: GradientBased, model: Backbone, start: Parameters, x: Tensor, y: Tensor) -> Parameters:
    """The stacked parameters after the inner steps on x [tasks, k, …], y [tasks, k, …]."""
    second, reach = method.second_order, REACH[type(method).query_loss]
    inner = method.inner_loop(model, method.hyperparameters.inner_steps, second)
    names = [name for name in start if not name.startswith("meta.") and name.startswith(reach)]
    names = [name for name in names if inner.adapts(name)]
    forward, now = _forward(model), dict(start)
    for step in range(inner.steps):
        value = losses(forward(now, x), y).sum()
        gradients = torch.autograd.grad(value, [now[name] for name in names], create_graph=second)
        for name, gradient in zip(names, gradients, strict=True):
            now[name] = now[name] - inner.rate(name, step) * inner._clipped(gradient)
    return now


def _difference(
    method: Reptile, model: Backbone, start: Parameters, parts: tuple[Tensor, Tensor, Tensor, Tensor]
) -> dict[str, float]:
    """Reptile: θ - mean φ as the gradient."""
    x, y, query, wanted = parts
    forward, settings = _forward(model), method.hyperparameters
    names = [name for name in start if not name.startswith("meta.")]
    now = {name: value.detach().clone().requires_grad_() for name, value in start.items()}
    squares = {name: torch.zeros_like(value) for name, value in now.items()}
    batches = in_turn(y[0], settings.inner_batch)
    for number, batch in enumerate(islice(cycle(batches), settings.inner_steps), 1):
        value = losses(forward(now, x[:, batch]), y[:, batch]).sum()
        for name, gradient in zip(names, torch.autograd.grad(value, [now[name] for name in names]), strict=True):
            step = gradient
            if settings.inner_optimiser != "SGD":
                squares[name] = SECOND_MOMENT * squares[name] + (1 - SECOND_MOMENT) * gradient.square()
                step = gradient / ((squares[name] / (1 - SECOND_MOMENT**number)).sqrt() + TINY)
            now[name] = (now[name].detach() - settings.inner_rate * step).requires_grad_()
    for name, parameter in model.named_parameters():
        parameter.grad = parameter.detach() - now[name].detach().mean(0)
    with torch.no_grad():
        outputs = forward(now, query)
    return figures(losses(outputs, wanted).mean(), outputs, wanted)


def _forward(model: Backbone) -> Forward:
    """The network with weights of its own for each task: [tasks, n, …] -> [tasks, n, way]."""
    leaves = [(name, part) for name, part in model.named_modules() if not list(part.children())]
    if all(isinstance(part, nn.Linear | nn.ReLU | nn.Identity) or name.startswith("meta") for name, part in leaves):
        return _products([(name, part) for name, part in leaves if not name.startswith("meta")])
    return vmap(lambda parameters, inputs: functional_call(model, parameters, (inputs,)))


def _products(leaves: Sequence[tuple[str, nn.Module]]) -> Forward:
    """Linear layers and ReLU one after the other, as batched matrix products: less to call than by vmap."""

    def forward(parameters: Parameters, values: Tensor) -> Tensor:
        for name, part in leaves:
            if isinstance(part, nn.Linear):
                weight, bias = parameters[f"{name}.weight"], parameters[f"{name}.bias"]
                values = torch.baddbmm(bias.unsqueeze(1), values, weight.mT)
            elif isinstance(part, nn.ReLU):
                values = values.relu()
        return values

    return forward


def losses(outputs: Tensor, targets: Tensor) -> Tensor:
    """Loss of each task [tasks]; outputs: [tasks, n, way]; targets: int64 [tasks, n] or float [tasks, n, 1]."""
    if targets.is_floating_point():
        return (outputs - targets).square().flatten(1).mean(1)
    return F.cross_entropy(outputs.flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape).mean(1)


def figures(value: Tensor, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Loss and, for classes, accuracy over all tasks."""
    found = {"loss": float(value.detach())}
    if not targets.is_floating_point():
        found["accuracy"] = float((outputs.detach().argmax(-1) == targets).float().mean())
    return found


PARTS = ("support_inputs", "support_targets", "query_inputs", "query_targets")
