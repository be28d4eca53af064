"""What the loss is at a point: one network that is put there, and looked at through the same images each time."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone, refresh_statistics
from engine.backbones.precision import rounded
from engine.data.batches import cuts
from engine.landscape.corners import Corner, apart
from engine.landscape.ground import Ground
from engine.landscape.mixing import State, mixed
from engine.landscape.statistics import Departure, depart, departure
from engine.preparation.inputs import Labelled, Preparer

TOGETHER = 64


@dataclass(frozen=True, eq=False)
class Sounding:
    """Of n images at one point. losses: cross-entropy, float64 [n]. right: bool [n]."""

    losses: NDArray[np.float64]
    right: NDArray[np.bool_]

    @property
    def loss(self) -> float:
        return float(self.losses.mean())

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())


class Surveyor:
    """Measures points between corners. network: of its own, at the point that `put` has brought it to.

    images: on the training ones batch norm's running statistics are averaged anew at every point, once over all of
    them, mixed (a batch of one class has other statistics), in eval mode before and after. averaged: of which layers;
    by themselves those whose statistics the corners do not share, since a mean of two networks' statistics is those of
    neither; none of them to keep what is mixed. `mix` goes to a point between the corners as those who want its weights
    need it: with the corners' own statistics at the corners, and what these are beside their averages between them.
    """

    def __init__(
        self, corners: Sequence[Corner], images: Ground | Labelled, averaged: frozenset[str] | None = None
    ) -> None:
        first = corners[0].model
        self.images = images.train if isinstance(images, Ground) else images
        self.order = self.images.in_order(torch.from_numpy(np.random.default_rng(0).permutation(len(self.images))))
        self.shape: Preparer = first.reader.form
        self.bf16 = all(corner.model.bf16 for corner in corners)
        self.averaged = apart(corners) if averaged is None else averaged
        self.network: Backbone = deepcopy(first.network).requires_grad_(False).eval()
        self._states = [corner.state for corner in corners]
        self._departures: list[Departure] = []  # of the corners, once they are needed

    def put(self, state: State) -> None:
        """Bring the network to this point."""
        self.network.load_state_dict(dict(state))
        if self.averaged:
            layers = dict(self.network.named_modules())
            pixels = (self.images.inputs[self.order[cut]] for cut in cuts(len(self.images), TOGETHER))
            with rounded(self.network, self.bf16):
                seen = (self.shape(part) for part in pixels)
                refresh_statistics(self.network, seen, [layers[name] for name in self.averaged])

    def mix(self, shares: Sequence[float]) -> None:
        """Bring the network to the sum of share times corner, the shares being 1 together; at a corner it is that
        network, bit for bit."""
        state = mixed(self._states, shares)
        if 1 in shares or not self.averaged:
            self.network.load_state_dict(state)
            return
        if not self._departures:
            self._departures = [self._departure(corner) for corner in self._states]
        self.put(state)
        depart(self.network, self._departures, shares)

    def _departure(self, state: State) -> Departure:
        self.put(state)
        return departure(state, self.network.state_dict(), sorted(self.averaged))

    @torch.no_grad()
    def logits(self, images: Labelled) -> Tensor:
        """float32 [n, classes] at the point where it is."""
        found = []
        for start in range(0, len(images), TOGETHER):
            with rounded(self.network, self.bf16):
                pixels = self.shape(images.inputs[start : start + TOGETHER])
                found.append(self.network.head(self.network.embed(pixels)).float())
        return torch.cat(found)

    def sound(self, images: Labelled) -> Sounding:
        """Loss and answers at the point where it is."""
        return sounding(self.logits(images), images)


def sounding(logits: Tensor, images: Labelled) -> Sounding:
    """Of logits float32 [n, classes] for these images."""
    losses = F.cross_entropy(logits, images.labels, reduction="none").double().cpu().numpy()
    return Sounding(losses, (logits.argmax(1) == images.labels).cpu().numpy())
