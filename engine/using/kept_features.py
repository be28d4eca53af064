"""Features of images or texts that a person hands in: each goes through the network once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

import torch
from torch import Tensor

from engine.artifacts.saved import TOGETHER
from engine.data.images import Cancel, check
from engine.using.bins import HandedImage
from engine.using.predictions import stacked

MOST_KEPT = 2**28  # bytes
MAPS = 4  # dimensions of feature maps, which are laid out as a network gives them


class KeptFeatures:
    """embed: images uint8 [n, c, s, s] or texts int32 [n, pieces] -> float [n, …], each row by itself."""

    def __init__(self, embed: Callable[[Tensor], Tensor]) -> None:
        self._embed = embed
        self._known: dict[str, Tensor] = {}
        self._held = Lock()  # what a camera sees is asked beside the rest
        self.computed = 0  # images that went through the network

    def of(self, images: Sequence[HandedImage], cancelled: Cancel | None = None) -> Tensor:
        """[n, …] in the order of the images; raises `Cancelled`, having kept what there is."""
        with self._held:
            return self._of(images, cancelled)

    def _of(self, images: Sequence[HandedImage], cancelled: Cancel | None) -> Tensor:
        missing = list({image.key: image for image in images if image.key not in self._known}.values())
        for start in range(0, len(missing), TOGETHER):
            check(cancelled)
            part = missing[start : start + TOGETHER]
            self._known |= {image.key: row for image, row in zip(part, self._rows(part), strict=True)}
        found = torch.stack([self._known[image.key] for image in images])
        self._forget({image.key for image in images})
        return found.contiguous(memory_format=torch.channels_last) if found.dim() == MAPS else found

    @torch.no_grad()
    def _rows(self, images: Sequence[HandedImage]) -> Tensor:
        """One image is shown twice: of two or more each row is the same to the last bit, however many there are, and
        for a single one kernels are taken that add up in another order."""
        self.computed += len(images)
        shown = images if len(images) > 1 else [*images, *images]
        return self._embed(stacked([image.pixels for image in shown]))[: len(images)]

    def _forget(self, needed: set[str]) -> None:
        """What is not asked for now, once all together is too much."""
        if sum(row.nbytes for row in self._known.values()) > MOST_KEPT:
            self._known = {key: row for key, row in self._known.items() if key in needed}
