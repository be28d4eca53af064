"""Makes a tensor of another shape fit, where that is known to keep what it does: input channels and positions."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

COLOURS = 3


def adapted(name: str, value: Tensor, wanted: torch.Size) -> tuple[Tensor, str] | None:
    """(the tensor in the wanted shape, what was changed), or None where nothing is known to keep its meaning."""
    if value.shape == wanted:
        return value, ""
    if value.dim() == len(wanted) == 4 and (value.shape[0], *value.shape[2:]) == (wanted[0], *wanted[2:]):
        if (value.shape[1], wanted[1]) == (COLOURS, 1):
            return value.sum(1, keepdim=True), "colours summed to grey"
        if (value.shape[1], wanted[1]) == (1, COLOURS):
            return value.expand(-1, COLOURS, -1, -1) / COLOURS, "grey spread over three colours"
    if "pos" in name and value.dim() == len(wanted) == 3 and (value.shape[0], value.shape[2]) == (wanted[0], wanted[2]):
        return _positions(value, wanted[1])
    return None


def _positions(value: Tensor, wanted: int) -> tuple[Tensor, str] | None:
    """[1, tokens, width] on another square grid; tokens beside the grid, of a class or registers, stay as they are."""
    for beside in range(6):
        old, new = math.isqrt(max(value.shape[1] - beside, 0)), math.isqrt(max(wanted - beside, 0))
        if old and new and old**2 + beside == value.shape[1] and new**2 + beside == wanted:
            grid = value[:, beside:].float().transpose(1, 2).unflatten(2, (old, old))
            resized = F.interpolate(grid, (new, new), mode="bicubic", antialias=old > new, align_corners=False)
            whole = torch.cat([value[:, :beside].float(), resized.flatten(2).transpose(1, 2)], 1)
            return whole, f"positions resampled from {old}×{old} to {new}×{new}"
    return None
