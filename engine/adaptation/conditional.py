"""The networks of a conditional neural process: h reads what is given, g answers (Garnelo et al. 2018)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.adaptation.comparing import class_means

LEAST_DEVIATION = 0.1  # lower bound of σ, as in the paper: the likelihood cannot be driven up by certainty alone


class ConditionalNetworks(nn.Module):
    """r = mean of h(x, y) over the support set; g(r, x) is the mean and the deviation of y.

    For classes one r each, the mean of h(x) over the class's support images, and g(r_c, x) is the score of class c, so
    that it does not matter which class has which slot. features: values of x as the backbone gives it.
    """

    def __init__(self, features: int, numbers: bool, width: int) -> None:
        super().__init__()
        self.h = layers(features + (1 if numbers else 0), width, width, width)
        self.g = layers(width + features, width, width, width, 2 if numbers else 1)

    def curve(self, x: Tensor, y: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
        """(μ, σ), both [..., m, 1]. x: [..., n, d]; y: [..., n, 1]; asked: [..., m, d]."""
        summary = self.h(torch.cat([x, y], -1)).mean(-2, keepdim=True)
        known = summary.expand(*asked.shape[:-1], summary.shape[-1])
        mean, raw = self.g(torch.cat([known, asked], -1)).chunk(2, -1)
        return mean, LEAST_DEVIATION + (1 - LEAST_DEVIATION) * F.softplus(raw)

    def summaries(self, x: Tensor, targets: Tensor, way: int) -> Tensor:
        """[way, r] of support features [n, d] with targets [n] in 0..way-1."""
        return class_means(self.h(x), targets, way)

    def scores(self, summaries: Tensor, asked: Tensor) -> Tensor:
        """Logits [m, way] of features [m, d] against summaries [way, r]."""
        pairs = (len(asked), len(summaries))
        known = summaries[None].expand(*pairs, -1)
        return self.g(torch.cat([known, asked[:, None].expand(*pairs, -1)], -1)).squeeze(-1)


def layers(*widths: int) -> nn.Sequential:
    """Linear layers with ReLU between them."""
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        parts += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


def negative_likelihood(mean: Tensor, deviation: Tensor, targets: Tensor) -> Tensor:
    """Mean of -log N(targets; μ, σ²), all of one shape."""
    return -torch.distributions.Normal(mean, deviation, validate_args=False).log_prob(targets).mean()


class Bands:
    """What a conditional neural process knows of one curve: inputs [m, …] -> μ [m, 1]; `deviation` gives σ [m, 1].

    embed: inputs -> features; x, y: the support set's features [n, d] and targets [n, 1].
    """

    def __init__(self, networks: ConditionalNetworks, embed: nn.Module, x: Tensor, y: Tensor) -> None:
        self._networks, self._embed, self._x, self._y = networks, embed, x, y

    def __call__(self, queries: Tensor) -> Tensor:
        return self._both(queries)[0]

    def deviation(self, queries: Tensor) -> Tensor:
        return self._both(queries)[1]

    @torch.no_grad()
    def _both(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        return self._networks.curve(self._x, self._y, self._embed(queries))
