"""A context vector that scales and shifts the channels of one layer (FiLM), hung on a network from outside."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.errors import WeightsError

CONTEXT = "meta.context"  # the vector's name in a network whose `meta` is a `Film`


class Film(nn.Module):
    """values [n, channels, h, w], where they are maps, or [n, …, channels] -> values · (1 + γ) + β, with γ and β linear
    in the context. The context itself is not learnt: it is 0 except while a task puts its own in its place.

    normalised: whether the values have been, and will be again. Zintgraf et al. scale such by γ alone, which starts
    near a tenth that the next norm divides out, so that a context counts more from the start. Here that comes from
    larger weights: Kaiming's, as theirs, times √10 (after 60 steps on Glyphs chance without the factor, 46 % with it).
    """

    def __init__(self, size: int, channels: int, normalised: bool = False, maps: bool = True) -> None:
        super().__init__()
        self.maps = maps
        self.weights = nn.Linear(size, 2 * channels)
        if normalised:
            nn.init.kaiming_uniform_(self.weights.weight, nonlinearity="linear")
            self.weights.weight.data *= math.sqrt(10)
        nn.init.zeros_(self.weights.bias)
        self.context: Tensor
        self.register_buffer("context", torch.zeros(size), persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        scale, shift = self.weights(self.context).chunk(2)
        if self.maps:
            scale, shift = scale[:, None, None], shift[:, None, None]
        return values * (1 + scale) + shift


class AfterLayer:
    """A forward hook that keeps to its own network when that is copied."""

    def __init__(self, film: Film) -> None:
        self.film = film

    def __call__(self, layer: nn.Module, inputs: object, output: Tensor) -> Tensor:
        return self.film(output)


def hang_film(model: Backbone, size: int) -> None:
    """Give the network a `Film` of `size` values as `model.meta`, after the last norm of the block past the middle (the
    third of four), or after its last layer where it has none: before a non-linearity, as a context has to be.

    Raises `WeightsError` for a block without a layer.
    """
    name, block = list(model.blocks.items())[len(model.blocks) // 2]
    norms = [layer for layer in block.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
    layers = [layer for layer in block.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    if not norms and not layers:
        raise WeightsError(
            f"Block {name} has no layer that a context vector could change.", "Choose another backbone or method."
        )
    place = norms[-1] if norms else layers[-1]
    channels = norms[-1].num_features if norms else len(layers[-1].weight)
    model.meta = Film(size, channels, bool(norms), isinstance(place, nn.Conv2d | nn.BatchNorm2d))
    place.register_forward_hook(AfterLayer(model.meta))
