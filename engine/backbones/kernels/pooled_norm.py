"""Batch norm by the batch's own statistics, ReLU and 2x2 max-pooling in one, cheap to differentiate twice.

Where batch norm's scale is positive, the largest value of a window stays the largest after it, so pooling can come
first and scale, shift and ReLU touch a quarter of the values. What is left of the full maps is their mean and variance
and the largest values: one function with a derivative of few passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

POOL = ([2, 2], [2, 2], [0, 0], [1, 1], False)  # window, stride, padding, dilation, ceil mode
PART_BYTES = 1 << 21  # of maps at a time: what a processor's cache holds beside what they are made of


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
    height, width = images.shape[2:]
    padded = F.pad(images.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
    near = [padded[:, down : down + height, right : right + width] for down in range(3) for right in range(3)]
    return torch.cat(near, 3).view(tasks, -1, 9 * images.shape[1])


def _normed(largest: Tensor, mean: Tensor, variance: Tensor, scale: Tensor, shift: Tensor, tiny: float) -> Tensor:
    factor = scale * (variance + tiny).rsqrt()
    offset = shift - mean * factor
    rows = torch.addcmul(offset[:, None], rows_of(largest, len(mean)), factor[:, None])
    return maps_of(torch.relu(rows), largest.shape)


class Portion(NamedTuple):
    """Some images of one task: what they see [positions, k]; room for their maps as rows [positions, o] and, the same
    memory, as images [n, o, h, w]; their place among all images."""

    task: int
    seen: Tensor
    rows: Tensor
    maps: Tensor
    images: slice


def parts_of(seen: Tensor, outputs: int, size: Sequence[int]) -> Iterator[Portion]:
    """So few images at a time that their maps stay in a processor's cache, one after the other in the same room."""
    positions = math.prod(size)
    each, count = seen.shape[1] // positions, max(1, PART_BYTES // (positions * outputs * seen.element_size()))
    room = seen.new_empty(min(count, each) * positions, outputs)
    for task, begin in product(range(len(seen)), range(0, each, count)):
        end = min(each, begin + count)
        rows = room[: (end - begin) * positions]
        maps = rows.view(-1, *size, outputs).permute(0, 3, 1, 2)
        own = seen[task, begin * positions : end * positions]
        yield Portion(task, own, rows, maps, slice(task * each + begin, task * each + end))


class Largest(Function):
    """weight [tasks, o, k], seen [tasks, n * h * w, k] -> of the maps seen @ weight the value at these places of each,
    by default the largest of each window, [tasks * n, o, h // 2, w // 2]. The maps are never there as a whole."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, seen: Tensor, size: Sequence[int], places: Tensor | None) -> Tensor:
        outputs, images = weight.shape[1], seen.shape[0] * seen.shape[1] // math.prod(size)
        found = seen.new_empty(images, *(length // 2 for length in size), outputs).permute(0, 3, 1, 2)
        there = torch.empty_like(found, dtype=torch.int64) if places is None else places
        for part in parts_of(seen, outputs, size):
            torch.mm(part.seen, weight[part.task].mT, out=part.rows)
            if places is None:
                out = {"out": found[part.images], "indices": there[part.images]}
                torch.ops.aten.max_pool2d_with_indices.out(part.maps, *POOL, **out)
            else:
                found[part.images] = _at(part.maps, places[part.images])
        ctx.save_for_backward(seen, there)
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
        total = seen.new_zeros(len(seen), seen.shape[2], gradient.shape[1])
        for part in parts_of(seen, gradient.shape[1], size):
            own = gradient[part.images], part.maps, *POOL, places[part.images]
            torch.ops.aten.max_pool2d_with_indices_backward.grad_input(*own, grad_input=part.maps)
            # Few rows by many: the other order, gradient by what is seen, takes five times as long.
            total[part.task].addmm_(part.seen.mT, part.rows)
        return total.mT

    @staticmethod
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor, None, None, None]:
        seen, places = ctx.saved_tensors
        (v,) = further
        return Largest.apply(v, seen, ctx.size, places), None, None, None


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
