"""Batch norm's statistics between networks that do not share them.

A mean of two networks' statistics is those of neither, so they are averaged anew on training images. But a network
need not have been learnt with such an average: a head that was probed on a pretrained trunk knows its features by the
trunk's own statistics, and with others it is lost. What the statistics of each network are beside its average anew is
therefore carried along: means by their difference, variances by their ratio, mixed by the same shares as the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.landscape.mixing import State

EPS = 1e-5  # as batch norm adds to a variance


@dataclass(frozen=True, eq=False)
class Departure:
    """By name of a layer, float64 [channels]. shift: own mean - mean averaged anew. stretch: ln of own variance over
    the one averaged anew."""

    shift: Mapping[str, Tensor]
    stretch: Mapping[str, Tensor]


def departure(own: State, anew: State, layers: Sequence[str]) -> Departure:
    """Of a network from its statistics averaged anew."""

    def both(layer: str, part: str) -> tuple[Tensor, Tensor]:
        return own[f"{layer}.{part}"].double(), anew[f"{layer}.{part}"].double()

    shift, stretch = dict[str, Tensor](), dict[str, Tensor]()
    for layer in layers:
        mean, mean_anew = both(layer, "running_mean")
        variance, variance_anew = both(layer, "running_var")
        shift[layer] = mean - mean_anew
        stretch[layer] = torch.log((variance + EPS) / (variance_anew + EPS))
    return Departure(shift, stretch)


@torch.no_grad()
def depart(network: nn.Module, of: Sequence[Departure], shares: Sequence[float]) -> None:
    """Move the network's statistics, averaged anew, as far as those of the networks depart from theirs."""
    layers = dict(network.named_modules())
    for name in of[0].shift:
        mean, variance = (getattr(layers[name], part) for part in ("running_mean", "running_var"))
        shift = sum((share * one.shift[name] for one, share in zip(of, shares, strict=True)), torch.zeros(()))
        stretch = sum((share * one.stretch[name] for one, share in zip(of, shares, strict=True)), torch.zeros(()))
        mean.copy_(mean.double() + shift)
        variance.copy_(((variance.double() + EPS) * torch.exp(stretch) - EPS).clamp_min(0))
