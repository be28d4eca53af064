"""Inner steps on a linear head, by the gradient written out: the same steps as by autograd, at a fraction of the cost.

For few features most of such a step is bookkeeping: building and walking a graph twice for a product of two small
matrices. The gradient of cross-entropy or of the squared error by a linear head is one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor
from torch.nn import functional as F

from engine.adaptation.inner_loop import InnerLoop, Parameters

WEIGHT, BIAS = "head.weight", "head.bias"


def linear_path(
    inner: InnerLoop, head: Mapping[str, Tensor], features: Tensor, targets: Tensor
) -> Iterator[Parameters]:
    """The head's {"head.weight": [outputs, d], "head.bias": [outputs]} after 0, 1, …, `steps` steps on features [n, d].

    The steps are the inner loop's, which is elementwise; in first order the gradients are constants.
    """
    now, start = dict(head), dict(head)
    yield now
    for step in range(inner.steps):
        error = output_gradient(head_outputs(now, features), targets)
        down = {WEIGHT: error.mT @ features, BIAS: error.sum(0)}
        gradients = {name: g if inner.second_order else g.detach() for name, g in down.items() if inner.adapts(name)}
        now = inner.stepped(now, start, gradients, step)
        yield now


def head_outputs(parameters: Mapping[str, Tensor], features: Tensor) -> Tensor:
    """[n, d] -> [n, outputs]"""
    return F.linear(features, parameters[WEIGHT], parameters[BIAS])


def output_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    """The gradient of `objective.loss` by the outputs [n, way]: (softmax - one-hot) / n, or 2 (output - target) / n."""
    if targets.is_floating_point():
        return (outputs - targets) * (2 / outputs.numel())
    return (outputs.softmax(1) - F.one_hot(targets, outputs.shape[1])) / len(outputs)
