"""Planes in the space of weights: through three networks, or around one in two random directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from engine.backbones.backbone import Backbone, batch_norms
from engine.errors import InvalidExperiment
from engine.landscape.corners import Corner, learnt
from engine.landscape.mixing import State, difference, dot, mixed

MARGIN = 1.5  # the picture against what it has to show
SPAN = 1.0  # of a random plane, each way: where every filter has moved by its own length
FLAT = 1e-6  # of a distance: what counts as none


class ThroughThree:
    """The plane of three networks by Gram-Schmidt: the first is the origin, the second lies on the x axis, y is what is
    left of the way to the third. Raises `InvalidExperiment` where they do not span a plane."""

    def __init__(self, corners: Sequence[Corner]) -> None:
        self.states = [corner.state for corner in corners]
        self.names = learnt(corners[0].model.network)
        origin, first, second = self.states
        self.origin = origin
        self.a, self.b = (difference(one, origin, self.names) for one in (first, second))
        self.length, self.third = sqrt(dot(self.a, self.a, self.names)), sqrt(dot(self.b, self.b, self.names))
        if min(self.length, self.third) == 0:
            raise InvalidExperiment("Two of these networks are the same.", "Choose three that differ.")
        self.along = dot(self.a, self.b, self.names) / self.length
        self.up = sqrt(max(0.0, self.third**2 - self.along**2))
        if self.up <= FLAT * self.third:
            raise InvalidExperiment("These three networks lie on one line.", "Look at the line between two of them.")
        self.places = np.array([[0.0, 0.0], [self.length, 0.0], [self.along, self.up]])

    def shares(self, x: float, y: float) -> list[float]:
        """Of the three networks at this place; together 1."""
        second = y / self.up
        first = (x - second * self.along) / self.length
        return [1 - first - second, first, second]

    def at(self, x: float, y: float) -> dict[str, Tensor]:
        return mixed(self.states, self.shares(x, y))

    def seen(self, state: State) -> tuple[float, float, float]:
        """(x, y, distance from the plane) of any network of this shape."""
        away = difference(state, self.origin, self.names)
        x = dot(away, self.a, self.names) / self.length
        y = (dot(away, self.b, self.names) - x * self.along) / self.up
        return x, y, sqrt(max(0.0, dot(away, away, self.names) - x * x - y * y))


class AroundOne:
    """One network and two random directions, filter by filter as long as its own weights (Li et al. 2018)."""

    def __init__(self, corner: Corner, seed: int) -> None:
        draws = torch.Generator().manual_seed(seed)
        network = corner.model.network
        self.states = [corner.state, *(direction(network, corner.state, draws) for _ in range(2))]
        self.places = np.zeros((1, 2))

    def at(self, x: float, y: float) -> dict[str, Tensor]:
        return mixed(self.states, [1.0, x, y])


@torch.no_grad()
def direction(network: Backbone, state: State, draws: torch.Generator) -> dict[str, Tensor]:
    """Normal draws with the norm of this state's own weights in every filter (a row of a linear layer); 0 for biases,
    normalisation layers and statistics."""
    found = {key: torch.zeros_like(value) for key, value in state.items()}
    for name in filters(network):
        drawn = torch.randn(state[name].shape, generator=draws)
        lengths, own = (torch.linalg.vector_norm(one.flatten(1).double(), dim=1) for one in (drawn, state[name].cpu()))
        factors = (own / lengths).view(-1, *[1] * (drawn.dim() - 1))
        found[name] = (drawn.double() * factors).to(state[name])
    return found


def filters(network: Backbone) -> Iterator[str]:
    """Names of the weights that have filters."""
    norms = {id(parameter) for norm in batch_norms(network) for parameter in norm.parameters()}
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1 and id(parameter) not in norms:
            yield name


def bounds(places: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """The square, with room around, that holds all places [k, 2]: (low, high) of x and of y."""
    low, high = places.min(0), places.max(0)
    middle, half = (low + high) / 2, MARGIN * float((high - low).max()) / 2
    return (middle[0] - half, middle[0] + half), (middle[1] - half, middle[1] + half)
