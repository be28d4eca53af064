"""Batch norm by the batch's own statistics, ReLU and 2x2 max-pooling in one, cheap to differentiate twice.

Where batch norm's scale is positive, the largest value of a window stays the largest after it, so pooling can come
first and scale, shift and ReLU touch a quarter of the values. What is left of the full maps is their mean and variance
and the largest values: one function with a derivative of few passes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

POOL = ([2, 2], [2, 2], [0, 0], [1, 1], False)  # window, stride, padding, dilation, ceil mode


def pooled_norm(maps: Tensor, scale: Tensor, shift: Tensor, tiny: float) -> tuple[Tensor, Tensor, Tensor]:
    """maps [n, c, h, w] -> ReLU of the normalised maps, pooled [n, c, h // 2, w // 2]; their mean and variance [c].

    scale must be positive throughout. tiny: what batch norm adds to the variance.
    """
    largest, mean, variance = Moments.apply(maps)
    factor = scale * (variance + tiny).rsqrt()
    offset = shift - mean * factor
    return torch.relu(largest * factor[:, None, None] + offset[:, None, None]), mean, variance


class Moments(Function):
    """maps [n, c, h, w] -> largest value of each window, mean [c] and variance [c] (divided by their number)."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        largest, places = F.max_pool2d(maps, 2, return_indices=True)
        rows = rows_of(maps)
        mean = rows.mean(0)
        variance = (rows - mean).square_().mean(0)
        ctx.save_for_backward(maps, places, mean)
        return largest, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        maps, places, mean = ctx.saved_tensors
        return MomentsGradient.apply(maps, places, mean, *gradients)


class MomentsGradient(Function):
    """The gradient by the maps: each window's at its largest value, (a + 2 b (z - mean)) / N everywhere."""

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, places: Tensor, mean: Tensor, by_largest: Tensor, a: Tensor, b: Tensor
    ) -> Tensor:
        count = maps.numel() // maps.shape[1]
        slope = b * (2 / count)
        ctx.save_for_backward(maps, places, mean, slope)
        ctx.count = count
        everywhere = torch.addcmul(_by_channel(a / count - slope * mean), maps, _by_channel(slope))
        return everywhere.add_(torch.ops.aten.max_pool2d_with_indices_backward(by_largest, maps, *POOL, places))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor | None, ...]:
        maps, places, mean, slope = ctx.saved_tensors
        (v,) = further
        rows, count = rows_of(v), ctx.count
        total = rows.sum(0)
        product = (rows * rows_of(maps)).sum(0) - mean * total
        by_maps = (v - _by_channel(total / count)) * _by_channel(slope)
        return by_maps, None, None, _at(v, places), total / count, product * (2 / count)


def _at(maps: Tensor, places: Tensor) -> Tensor:
    """The values of maps [n, c, h, w] at these places of each, shaped and laid out in memory like the places."""
    n, channels, down, right = places.shape
    there = places.permute(0, 2, 3, 1).reshape(n, -1, channels)
    found = maps.permute(0, 2, 3, 1).reshape(n, -1, channels).gather(1, there)
    return found.view(n, down, right, channels).permute(0, 3, 1, 2)


def _by_channel(values: Tensor) -> Tensor:
    return values[:, None, None]


def rows_of(maps: Tensor) -> Tensor:
    """[n, c, h, w] -> [n * h * w, c]; a view of channels-last maps."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
