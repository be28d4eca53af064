"""Inner steps on a linear head, by the gradient written out: the same steps as by autograd, at a fraction of the cost.

For few features most of such a step is bookkeeping: building and walking a graph twice for a product of two small
matrices. The gradient of cross-entropy or of the squared error by a linear head is one line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor
from torch.nn import functional as F

from engine.meta.inner_loop import InnerLoop, Parameters


def linear_path(
    inner: InnerLoop, parameters: Mapping[str, Tensor], features: Tensor, targets: Tensor
) -> Iterator[Parameters]:
    """The head's {"weight": [outputs, d], "bias": [outputs]} after 0, 1, …, `steps` steps on features [n, d].

    Rates, clipping and order are the inner loop's; in first order the gradients are constants.
    """
    now = dict(parameters)
    yield now
    for step in range(inner.steps):
        error = output_gradient(F.linear(features, now["weight"], now["bias"]), targets)
        down = {"weight": error.mT @ features, "bias": error.sum(0)}
        now = {name: now[name] - inner.rate(name, step) * _taken(inner, down[name]) for name in now}
        yield now


def output_gradient(outputs: Tensor, targets: Tensor) -> Tensor:
    """The gradient of `objective.loss` by the outputs [n, way]: (softmax - one-hot) / n, or 2 (output - target) / n."""
    if targets.is_floating_point():
        return (outputs - targets) * (2 / outputs.numel())
    return (outputs.softmax(1) - F.one_hot(targets, outputs.shape[1])) / len(outputs)


def _taken(inner: InnerLoop, gradient: Tensor) -> Tensor:
    constant = gradient if inner.second_order else gradient.detach()
    return constant if inner.clip is None else constant.clamp(-inner.clip, inner.clip)
