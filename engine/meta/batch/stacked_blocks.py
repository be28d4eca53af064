"""Convolutions with weights of its own for each task: many small tasks in as few operations as one.

Weights are [tasks, …], so that a convolution is a batch of matrix products over unfolded maps, and batch norm takes
the statistics of each task's own images. A second derivative costs what the first does: a convolution, its gradient by
the images and that by the weights are each other's derivatives (see `engine.backbones.kernels.bilinear`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from engine.backbones.kernels.convolution import Geometry, unfolded
from engine.backbones.kernels.pooled_norm import pooled_norm

SIDE = 3  # of the kernel; padding 1
AROUND = Geometry(SIDE, 1, 1)


class Maps:
    """float [tasks, n, h, w, c], and what each position sees of them, unfolded once for all that ask."""

    def __init__(self, values: Tensor) -> None:
        self.values = values
        self._seen: Tensor | None = None

    @property
    def seen(self) -> Tensor:
        """[tasks, positions, 9 c]"""
        if self._seen is None:
            seen = unfolded(as_images(self.values.detach()), AROUND)
            self._seen = seen.unflatten(0, (len(self.values), -1))
        return self._seen

    @property
    def rows(self) -> Tensor:
        """[tasks, positions, c]"""
        return self.values.detach().flatten(1, 3)


class Convolved(Function):
    """maps [tasks, n, h, w, c], weights [tasks, o, 9 c] -> [tasks, n, h, w, o]."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, weights: Tensor, maps: Maps) -> Tensor:
        ctx.save_for_backward(values, weights)
        ctx.maps = maps
        return torch.bmm(maps.seen, weights.mT).view(*values.shape[:4], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        values, weights = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        back = Maps(gradient)
        return (
            Convolved.apply(gradient, turned(weights), back) if ctx.needs_input_grad[0] else None,
            ToWeights.apply(values, gradient, ctx.maps, back) if ctx.needs_input_grad[1] else None,
            None,
        )


class ToWeights(Function):
    """The gradient by the weights [tasks, o, 9 c], from maps [tasks, n, h, w, c] and the output's gradient [… , o]."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, gradient: Tensor, maps: Maps, back: Maps) -> Tensor:
        ctx.save_for_backward(values, gradient)
        ctx.maps, ctx.back = maps, back
        return torch.bmm(back.rows.mT, maps.seen)

    @staticmethod
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        values, gradient = ctx.saved_tensors
        (weights,) = further
        return (
            Convolved.apply(gradient, turned(weights), ctx.back) if ctx.needs_input_grad[0] else None,
            Convolved.apply(values, weights, ctx.maps) if ctx.needs_input_grad[1] else None,
            None,
            None,
        )


def turned(weights: Tensor) -> Tensor:
    """[tasks, o, 9 c] -> [tasks, c, 9 o]: the weights with which a convolution gives the gradient by its images."""
    taps = weights.unflatten(2, (SIDE * SIDE, -1)).flip(2)
    return taps.permute(0, 3, 2, 1).flatten(2)


def convolved(values: Tensor, weight: Tensor) -> Tensor:
    """values: [tasks, n, h, w, c]; weight: [tasks, o, c, 3, 3] -> [tasks, n, h, w, o]. Zero padding of 1."""
    maps: Tensor = Convolved.apply(values, weight.permute(0, 1, 3, 4, 2).flatten(2), Maps(values))
    return maps


def conv_block(values: Tensor, weight: Tensor, scale: Tensor, shift: Tensor, tiny: float) -> Tensor:
    """Convolution without bias, batch norm by each task's own statistics, ReLU and 2x2 max-pooling.

    values: [tasks, n, h, w, c]; weight: [tasks, o, c, 3, 3]; scale and shift: [tasks, o]; tiny: what batch norm adds
    to the variance -> [tasks, n, h // 2, w // 2, o].
    """
    tasks, maps = len(values), convolved(values, weight)
    if bool((scale > 0).all()):
        pooled, _, _ = pooled_norm(as_images(maps), scale, shift, tiny, tasks)
        return as_maps(pooled, tasks)
    rows = maps.flatten(1, 3)
    centred = rows - rows.mean(1, keepdim=True)
    factor = scale * (centred.square().mean(1) + tiny).rsqrt()
    normalised = centred * factor[:, None] + shift[:, None]
    return max_pool(normalised.relu().view_as(maps))


def max_pool(values: Tensor) -> Tensor:
    """[tasks, n, h, w, c] -> [tasks, n, h // 2, w // 2, c]"""
    return as_maps(F.max_pool2d(as_images(values), 2), len(values))


def as_images(values: Tensor) -> Tensor:
    """[tasks, n, h, w, c] -> [tasks * n, c, h, w], channels last in memory."""
    return values.flatten(0, 1).permute(0, 3, 1, 2)


def as_maps(images: Tensor, tasks: int) -> Tensor:
    """The inverse of `as_images`."""
    return images.permute(0, 2, 3, 1).unflatten(0, (tasks, -1))
