"""What becomes of a network's parameters on a task, as a value: carried out here for one, in `stacked` for many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.adaptation.inner_loop import BatchSteps, InnerLoop, Parameters
from engine.adaptation.objective import loss
from engine.backbones.backbone import Backbone
from engine.data.target import NUMBERS, asked

WEIGHT, BIAS = "head.weight", "head.bias"


@dataclass(frozen=True)
class Adaptation:
    """inner: the steps on the support set. reach: what they run through, "" is the whole network, "head." the head
    alone on features that stay. outer: where the shared parameters θ go, down the gradient of the "query loss" at the
    adapted φ or along the "displacement" from θ to φ."""

    inner: InnerLoop | BatchSteps
    reach: Literal["", "head."] = ""
    outer: Literal["query loss", "displacement"] = "query loss"

    @property
    def can_be_stacked(self) -> bool:
        """Whether `stacked` carries out all that this says: what it does not know is left to one task at a time."""
        return type(self) is Adaptation and self.inner.is_elementwise

    def path(self, model: Backbone, parameters: Parameters, inputs: Tensor, targets: Tensor) -> Iterator[Parameters]:
        """The parameters within reach after 0, 1, …, `steps` steps on the support set."""
        if not self.reach:
            return self.inner.path(model, parameters, inputs, targets)
        return self._head_path(model, parameters, inputs, targets)

    def _head_path(
        self, model: Backbone, parameters: Parameters, inputs: Tensor, targets: Tensor
    ) -> Iterator[Parameters]:
        assert isinstance(self.inner, InnerLoop)
        # In first order no gradient goes through the support set's features.
        with nullcontext() if self.inner.second_order else torch.no_grad():
            features = model.embed(inputs)
        head = within(parameters, self.reach)
        if self.inner.is_elementwise:
            yield from linear_path(self.inner, head, features, targets)
        else:
            yield from self.inner.descent(head, lambda now: loss(head_outputs(now, features), targets))


def within(parameters: Parameters, reach: str) -> Parameters:
    return {name: value for name, value in parameters.items() if name.startswith(reach)}


def linear_path(inner: InnerLoop, head: Parameters, features: Tensor, targets: Tensor) -> Iterator[Parameters]:
    """The head's {"head.weight": [outputs, d], "head.bias": [outputs]} after 0, 1, …, `steps` steps on features [n, d].

    By the gradient written out: the same steps as by autograd, of which on few features most is bookkeeping. They are
    the inner loop's, which is elementwise; in first order the gradients are constants.
    """
    now, start = dict(head), dict(head)
    yield now
    for step in range(inner.steps):
        error = output_gradient(head_outputs(now, features), targets)
        down = {WEIGHT: error.mT @ features, BIAS: error.sum(0)}
        gradients = {name: g if inner.second_order else g.detach() for name, g in down.items() if inner.adapts(name)}
        now = inner.stepped(now, start, gradients, step)
        yield now


def head_outputs(parameters: Parameters, features: Tensor) -> Tensor:
    """[n, d] -> [n, outputs]"""
    return F.linear(features, parameters[WEIGHT], parameters[BIAS])


def output_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    """The gradient of `objective.loss` by the outputs [n, way]: (softmax - one-hot) / n, or 2 (output - target) / n."""
    if asked(targets) == NUMBERS:
        return (outputs - targets) * (2 / outputs.numel())
    return (outputs.softmax(1) - F.one_hot(targets, outputs.shape[1])) / len(outputs)
