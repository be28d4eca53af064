"""Convolution in pieces that are each other's derivatives, so that a second derivative costs what the first does.

A convolution is linear in its images and in its weights, and so are its two gradients; with G the output's gradient,
⟨G, conv(x, w)⟩ = ⟨x, images(G, w)⟩ = ⟨w, weights(x, G)⟩. Differentiating any of the three gives the other two. The
library's own second derivative instead takes convolutions with kernels as large as the maps, which is slow on a CPU.

Several tasks with weights of their own are convolved at once: weights [tasks, o, c, k, k], images [tasks * n, c, h, w].
Each piece is the library's, task by task, or once for all where they share one weight in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

Shape = tuple[int, int]  # stride and zero padding, the same in both directions


class Convolved(Function):
    """images [tasks * n, c, h, w], weights [tasks, o, c, k, k] -> maps [tasks * n, o, h', w']."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weights: Tensor, by: Shape) -> Tensor:
        ctx.save_for_backward(images, weights)
        ctx.by = by
        return _each(lambda x, w: F.conv2d(x, w, None, *by), images, weights)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        images, weights = ctx.saved_tensors
        (gradient,) = gradients
        needed = ctx.needs_input_grad
        return (
            ToImages.apply(gradient, weights, images, ctx.by) if needed[0] else None,
            ToWeights.apply(images, gradient, weights, ctx.by) if needed[1] else None,
            None,
        )


class ToImages(Function):
    """The gradient by the images; `like` lends its shape only."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, weights: Tensor, like: Tensor, by: Shape) -> Tensor:
        ctx.save_for_backward(gradient, weights)
        ctx.by = by
        stride, padding = by
        missing = [
            length - ((seen - 1) * stride - 2 * padding + side)
            for length, seen, side in zip(like.shape[2:], gradient.shape[2:], weights.shape[3:], strict=True)
        ]
        return _each(lambda g, w: F.conv_transpose2d(g, w, None, stride, padding, missing), gradient, weights)

    @staticmethod
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        gradient, weights = ctx.saved_tensors
        (images,) = further
        needed = ctx.needs_input_grad
        return (
            Convolved.apply(images, weights, ctx.by) if needed[0] else None,
            ToWeights.apply(images, gradient, weights, ctx.by) if needed[1] else None,
            None,
            None,
        )


class ToWeights(Function):
    """The gradient by the weights; `like` lends its shape only."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, gradient: Tensor, like: Tensor, by: Shape) -> Tensor:
        ctx.save_for_backward(images, gradient)
        ctx.by = by
        each = zip(gradient.chunk(len(like)), images.chunk(len(like)), like, strict=True)
        return torch.stack([_to_weight(g, x, w, by) for g, x, w in each])

    @staticmethod
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        images, gradient = ctx.saved_tensors
        (weights,) = further
        needed = ctx.needs_input_grad
        return (
            ToImages.apply(gradient, weights, images, ctx.by) if needed[0] else None,
            Convolved.apply(images, weights, ctx.by) if needed[1] else None,
            None,
            None,
        )


def _each(piece: Callable[[Tensor, Tensor], Tensor], images: Tensor, weights: Tensor) -> Tensor:
    """piece(images, weight) of every task, once where all have the same weight."""
    tasks = len(weights)
    if tasks == 1 or weights.stride(0) == 0:
        return piece(images, weights[0])
    return torch.cat([piece(x, w) for x, w in zip(images.chunk(tasks), weights, strict=True)])


def _to_weight(gradient: Tensor, images: Tensor, weight: Tensor, by: Shape) -> Tensor:
    stride, padding = by
    found: Tensor = torch.ops.aten.convolution_backward.default(
        gradient, images, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, [False, True, False]
    )[1]
    return found
