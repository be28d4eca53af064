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
        return library(gradient, like, weight, by, (True, False))[0]

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
        return library(gradient, images, like, by, (False, True))[1]

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


def library(gradient: Tensor, images: Tensor, weight: Tensor, by: Shape, wanted: tuple[bool, bool]) -> list[Tensor]:
    stride, padding = [by[0]] * 2, [by[1]] * 2
    found: list[Tensor] = torch.ops.aten.convolution_backward(
        gradient, images, weight, None, stride, padding, [1, 1], False, [0, 0], 1, [*wanted, False]
    )
    return found
