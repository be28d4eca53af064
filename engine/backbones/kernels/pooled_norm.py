"""Batch norm by the batch's own statistics, ReLU and 2x2 max-pooling in one, cheap to differentiate twice.

Where batch norm's scale is positive, the largest value of a window stays the largest after it, so pooling can come
first and scale, shift and ReLU touch a quarter of the values. What is left of the full maps is their mean and variance
and the largest values: one function with a derivative of few passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from engine.backbones.kernels.convolution import Geometry, unfolded

POOL = ([2, 2], [2, 2], [0, 0], [1, 1], False)  # window, stride, padding, dilation, ceil mode


def pooled_norm(
    maps: Tensor, scale: Tensor, shift: Tensor, tiny: float, tasks: int = 1
) -> tuple[Tensor, Tensor, Tensor]:
    """maps [tasks * n, c, h, w] -> ReLU of the normalised maps, pooled [tasks * n, c, h // 2, w // 2]; the mean and
    variance of each task's maps [tasks, c].

    scale, shift: [c] or [tasks, c]; scale must be positive throughout. tiny: what batch norm adds to the variance.
    """
    largest, mean, variance = Moments.apply(maps, tasks)
    return _normed(largest, mean, variance, scale, shift, tiny), mean, variance


def pooled_norm_of_seen(
    seen: Tensor, weight: Tensor, size: Sequence[int], scale: Tensor, shift: Tensor, tiny: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`pooled_norm` of the convolution of what is seen, of whose maps' full size nothing is kept.

    seen: as `seen_of` gives it, without a gradient; weight: [tasks, o, c, 3, 3]; size: h, w. As the maps are linear in
    what is seen, their mean and variance come from its mean and covariance.
    """
    weight = weight.permute(0, 1, 3, 4, 2).flatten(2)
    centre = seen.mean(1, keepdim=True)
    apart = seen - centre
    covariance = apart.mT @ apart / seen.shape[1]
    mean = (weight * centre).sum(2)
    variance = ((weight @ covariance) * weight).sum(2)
    largest = Largest.apply(weight, seen, size, None)
    return _normed(largest, mean, variance, scale, shift, tiny), mean, variance


def seen_of(images: Tensor, tasks: int) -> Tensor:
    """[tasks * n, c, h, w] -> [tasks, n * h * w, 9 c]: what each position sees, channels last."""
    return unfolded(images, Geometry(3, 1, 1)).unflatten(0, (tasks, -1))


def _normed(largest: Tensor, mean: Tensor, variance: Tensor, scale: Tensor, shift: Tensor, tiny: float) -> Tensor:
    factor = scale * (variance + tiny).rsqrt()
    offset = shift - mean * factor
    rows = rows_of(largest, len(mean)) * factor[:, None] + offset[:, None]
    return maps_of(torch.relu(rows), largest.shape)


class Largest(Function):
    """weight [tasks, o, k], seen [tasks, n * h * w, k] -> of the maps seen @ weight the value at these places of each,
    by default the largest of each window, [tasks * n, o, h // 2, w // 2]."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, seen: Tensor, size: Sequence[int], places: Tensor | None) -> Tensor:
        rows = torch.bmm(seen, weight.mT)
        maps = rows.view(-1, *size, weight.shape[1]).permute(0, 3, 1, 2)
        if places is None:
            found, places = F.max_pool2d(maps, 2, return_indices=True)
        else:
            found = _at(maps, places)
        ctx.save_for_backward(seen, places)
        ctx.size = size
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        return LargestGradient.apply(gradients[0], *ctx.saved_tensors, ctx.size), None, None, None


class LargestGradient(Function):
    """The gradient by the weight [tasks, o, k]."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, seen: Tensor, places: Tensor, size: Sequence[int]) -> Tensor:
        ctx.save_for_backward(seen, places)
        ctx.size = size
        return torch.bmm(rows_of(_spread(gradient, places, size), len(seen)).mT, seen)

    @staticmethod
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor, None, None, None]:
        seen, places = ctx.saved_tensors
        return Largest.apply(further[0], seen, ctx.size, places), None, None, None


def _spread(gradient: Tensor, places: Tensor, size: Sequence[int]) -> Tensor:
    """The values at these places of maps of this size that are zero elsewhere."""
    n, channels = gradient.shape[:2]
    like = gradient.new_empty(n, *size, channels).permute(0, 3, 1, 2)
    found: Tensor = torch.ops.aten.max_pool2d_with_indices_backward.default(gradient, like, *POOL, places)
    return found


class Moments(Function):
    """maps [tasks * n, c, h, w] -> largest value of each window, and of each task's maps mean [tasks, c] and variance
    [tasks, c] (divided by their number)."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, tasks: int) -> tuple[Tensor, Tensor, Tensor]:
        largest, places = F.max_pool2d(maps, 2, return_indices=True)
        rows = rows_of(maps, tasks)
        mean = rows.mean(1)
        variance = (rows - mean[:, None]).square_().mean(1)
        ctx.save_for_backward(maps, places, mean)
        return largest, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        maps, places, mean = ctx.saved_tensors
        return MomentsGradient.apply(maps, places, mean, *gradients), None


class MomentsGradient(Function):
    """The gradient by the maps: each window's at its largest value, (a + 2 b (z - mean)) / N everywhere."""

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, places: Tensor, mean: Tensor, by_largest: Tensor, a: Tensor, b: Tensor
    ) -> Tensor:
        rows = rows_of(maps, len(mean))
        slope = b * (2 / rows.shape[1])
        ctx.save_for_backward(maps, places, mean, slope)
        everywhere = torch.addcmul((a / rows.shape[1] - slope * mean)[:, None], rows, slope[:, None])
        at_largest = torch.ops.aten.max_pool2d_with_indices_backward.default(by_largest, maps, *POOL, places)
        return maps_of(everywhere, maps.shape).add_(at_largest)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor | None, ...]:
        maps, places, mean, slope = ctx.saved_tensors
        (v,) = further
        rows = rows_of(v, len(mean))
        average = rows.mean(1)
        product = (rows * rows_of(maps, len(mean))).mean(1) - mean * average
        by_maps = maps_of((rows - average[:, None]).mul_(slope[:, None]), maps.shape)
        return by_maps, None, None, _at(v, places), average, 2 * product


def _at(maps: Tensor, places: Tensor) -> Tensor:
    """The values of maps [n, c, h, w] at these places of each, shaped and laid out in memory like the places."""
    n, channels, down, right = places.shape
    there = places.permute(0, 2, 3, 1).reshape(n, -1, channels)
    found = maps.permute(0, 2, 3, 1).reshape(n, -1, channels).gather(1, there)
    return found.view(n, down, right, channels).permute(0, 3, 1, 2)


def rows_of(maps: Tensor, tasks: int) -> Tensor:
    """[tasks * n, c, h, w] -> [tasks, n * h * w, c]; a view of channels-last maps."""
    return maps.permute(0, 2, 3, 1).reshape(tasks, -1, maps.shape[1])


def maps_of(rows: Tensor, shape: torch.Size) -> Tensor:
    """The inverse of `rows_of`: channels-last maps of this shape."""
    n, channels, height, width = shape
    return rows.reshape(n, height, width, channels).permute(0, 3, 1, 2)
