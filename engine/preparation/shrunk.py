"""Images as they are, made small: what any network has to be better than. Torch-free until it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 32  # pixels on a side, at most


def shrunk(images: Tensor) -> Tensor:
    """Images [n, c, s, s] of any number type -> their values one after the other, float32 [n, c * side * side]: each
    the mean of the pixels it stands for, where there are more than `SIDE` on a side."""
    from torch.nn import functional as F

    small = images.float()
    if images.shape[-1] > SIDE:
        small = F.interpolate(small, SIDE, mode="area")
    return small.flatten(1)


def values_of(size: int, channels: int) -> int:
    """How many of an image of so many pixels on a side."""
    return channels * min(size, SIDE) ** 2
