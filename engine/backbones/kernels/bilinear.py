"""Convolution in pieces that are each other's derivatives, so that a second derivative costs what the first does.

A convolution is linear in its images and in its weights, and so are its two gradients; with G the output's gradient,
⟨G, conv(x, w)⟩ = ⟨x, images(G, w)⟩ = ⟨w, weights(x, G)⟩. Differentiating any of the three gives the other two. The
library's own second derivative instead takes convolutions with kernels as large as the maps, which is slow on a CPU.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from engine.backbones.kernels.convolution import Geometry, weight_gradient

FEW_POSITIONS = 2000  # of all output maps together; measured with AVX2, 64 channels
Shape = tuple[int, int]  # stride and zero padding, the same in both directions


class Convolved(Function):
    """images [n, c, h, w], weight [o, c, k, k] -> maps [n, o, h', w']."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, by: Shape) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.by = by
        return F.conv2d(images, weight, None, *by)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        images, weight = ctx.saved_tensors
        (gradient,) = gradients
        needed = ctx.needs_input_grad
        return (
            ToImages.apply(gradient, weight, images, ctx.by) if needed[0] else None,
            ToWeight.apply(images, gradient, weight, ctx.by) if needed[1] else None,
            None,
        )


class ToImages(Function):
    """The gradient by the images; `like` lends its shape only."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, weight: Tensor, like: Tensor, by: Shape) -> Tensor:
        ctx.save_for_backward(gradient, weight)
        ctx.by = by
        return to_images(gradient, weight, like.shape, by)

    @staticmethod
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        gradient, weight = ctx.saved_tensors
        (images,) = further
        needed = ctx.needs_input_grad
        return (
            Convolved.apply(images, weight, ctx.by) if needed[0] else None,
            ToWeight.apply(images, gradient, weight, ctx.by) if needed[1] else None,
            None,
            None,
        )


class ToWeight(Function):
    """The gradient by the weight; `like` lends its shape only."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, gradient: Tensor, like: Tensor, by: Shape) -> Tensor:
        ctx.save_for_backward(images, gradient)
        ctx.by = by
        return to_weight(gradient, images, like, by)

    @staticmethod
    def backward(ctx: Any, *further: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        images, gradient = ctx.saved_tensors
        (weight,) = further
        needed = ctx.needs_input_grad
        return (
            ToImages.apply(gradient, weight, images, ctx.by) if needed[0] else None,
            Convolved.apply(images, weight, ctx.by) if needed[1] else None,
            None,
            None,
        )


def to_images(gradient: Tensor, weight: Tensor, shape: torch.Size, by: Shape) -> Tensor:
    """The transposed convolution; its own call is quicker than the library's derivative of a convolution."""
    stride, padding = by
    missing = [
        length - ((seen - 1) * stride - 2 * padding + side)
        for length, seen, side in zip(shape[2:], gradient.shape[2:], weight.shape[2:], strict=True)
    ]
    return F.conv_transpose2d(gradient, weight, None, stride, padding, missing)


def to_weight(gradient: Tensor, images: Tensor, weight: Tensor, by: Shape) -> Tensor:
    """As a matrix product where there are few positions, for which the library's own way is slower."""
    stride, padding = by
    if gradient[:, 0].numel() <= FEW_POSITIONS:
        return weight_gradient(images, gradient, Geometry(weight.shape[2], stride, padding))
    found: Tensor = torch.ops.aten.convolution_backward.default(
        gradient, images, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1, [False, True, False]
    )[1]
    return found
