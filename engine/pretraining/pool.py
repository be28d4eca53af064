"""The images or texts that are learnt from without labels. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pool:
    """The images or texts that are learnt from. images: how many. size, channels: as the network reads them.
    background: what lies outside an image, 0..255. batch: how many in a step."""

    images: int
    size: int
    channels: int
    background: int
    batch: int
