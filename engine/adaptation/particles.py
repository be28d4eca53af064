"""Several heads on shared features, adapted side by side: an ensemble whose spread says how unsure it is."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from engine.adaptation.objective import loss


class Heads(nn.Module):
    """The heads that every task starts from, each drawn by itself. values: [particles, outputs, features + 1], the bias
    in the last column."""

    def __init__(self, particles: int, features: int, outputs: int) -> None:
        super().__init__()
        drawn = [nn.Linear(features, outputs) for _ in range(particles)]
        self.values = nn.Parameter(torch.stack([torch.cat([d.weight, d.bias[:, None]], 1).detach() for d in drawn]))


def outputs_of(heads: Tensor, features: Tensor) -> Tensor:
    """heads [particles, outputs, d + 1], features [n, d + 1] -> [particles, n, outputs]."""
    return torch.einsum("nd,mod->mno", features, heads)


def mean_loss(heads: Tensor, features: Tensor, targets: Tensor) -> Tensor:
    """The mean over particles of each one's own loss: none is excused by the others."""
    outputs = outputs_of(heads, features)
    return loss(outputs.flatten(0, 1), targets.repeat(len(heads), *[1] * (targets.ndim - 1)))


def steps_of(
    heads: Tensor, features: Tensor, targets: Tensor, steps: int, rate: float, *, second_order: bool,
    clip: float | None, repulsion: float,
) -> Iterator[Tensor]:  # fmt: skip
    """The heads after 0, 1, …, `steps` gradient steps, each on its own loss. repulsion: how strongly they are kept
    apart, as a share of the force of repulsive ensembles (D'Angelo & Fortuin 2021, arXiv 2106.11642)."""
    yield heads
    for _ in range(steps):
        value = len(heads) * mean_loss(heads, features, targets)
        (gradient,) = torch.autograd.grad(value, heads, create_graph=second_order)
        if clip is not None:
            gradient = gradient.clamp(-clip, clip)
        if repulsion:
            gradient = gradient - repulsion * apart(heads if second_order else heads.detach())
        heads = heads - rate * gradient
        yield heads


def apart(heads: Tensor) -> Tensor:
    """For each head, the force away from the others: Σ_j 2/h (φ_i - φ_j) k_ij / Σ_j k_ij with k = exp(-‖φ_i - φ_j‖²/h),
    where h is the median of the squared distances over log(particles + 1)."""
    between = heads[:, None] - heads[None]
    squared = between.square().flatten(2).sum(2)
    # All but the diagonal: every (n + 1)th value, the first among them.
    different = squared.detach().flatten()[1:].view(len(heads) - 1, -1)[:, :-1]
    width = (different.median() / math.log(len(heads) + 1)).clamp_min(1e-12)
    nearness = torch.exp(-squared / width)
    shares = nearness / nearness.sum(1, keepdim=True)
    return 2 / width * (shares[:, :, None, None] * between).sum(1)


def together(outputs: Tensor, regression: bool) -> Tensor:
    """outputs [particles, n, o] -> [n, o]: the mean prediction, or the logarithm of the mean probability, so that the
    softmax of it is that mean and its entropy the predictive one."""
    if regression:
        return outputs.mean(0)
    return outputs.log_softmax(2).logsumexp(0) - math.log(len(outputs))
