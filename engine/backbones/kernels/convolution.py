"""A convolution's images as rows of a matrix, and the gradient of its weights as a product of matrices.

For blocks of few channels and for second derivatives (see `conv_block` and `bilinear`). The images are unfolded a few
megabytes at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from torch import Tensor
from torch.nn import functional as F

UNFOLDED_BYTES = 1 << 23  # of unfolded images at a time: what a processor's cache holds
LEAST_CHANNELS = 16  # with fewer, a convolution of images is quicker as one matrix product
LARGE = 28 * 28  # positions from which its gradients are the library's


class Geometry(NamedTuple):
    """Side of the square kernel, stride and zero padding, the same in both directions."""

    side: int
    stride: int
    padding: int

    def output(self, length: int) -> int:
        return (length + 2 * self.padding - self.side) // self.stride + 1


def unfolded(images: Tensor, by: Geometry) -> Tensor:
    """[n, c, h, w] -> [n * positions, side * side * c]: what each output position sees, channels last."""
    n, channels, height, width = images.shape
    edge = by.padding
    padded = F.pad(images.permute(0, 2, 3, 1), (0, 0, edge, edge, edge, edge)).contiguous()
    along, down, right, _ = padded.stride()
    size = (n, by.output(height), by.output(width), by.side, by.side * channels)
    seen = padded.as_strided(size, (along, by.stride * down, by.stride * right, down, 1))
    return seen.reshape(-1, by.side * by.side * channels)


def as_matrix(weight: Tensor) -> Tensor:
    """[outputs, channels, side, side] -> [outputs, side * side * channels]; a view of channels-last weights."""
    return weight.permute(0, 2, 3, 1).reshape(len(weight), -1)


def rows_of(maps: Tensor) -> Tensor:
    """[n, c, h, w] -> [n * h * w, c]; a view of channels-last maps."""
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def weight_gradient(images: Tensor, gradient: Tensor, by: Geometry) -> Tensor:
    """Of the loss by the weights [outputs, channels, side, side], channels last."""
    outputs, channels = gradient.shape[1], images.shape[1]
    first, *others = chunks(images, gradient, by)
    total = rows_of(gradient[first]).t() @ unfolded(images[first], by)
    for part in others:
        total.addmm_(rows_of(gradient[part]).t(), unfolded(images[part], by))
    return total.view(outputs, by.side, by.side, channels).permute(0, 3, 1, 2)


def chunks(images: Tensor, gradient: Tensor, by: Geometry) -> Iterator[slice]:
    each = gradient[0, 0].numel() * by.side * by.side * images.shape[1] * images.element_size()
    size = max(1, UNFOLDED_BYTES // each)
    return (slice(start, start + size) for start in range(0, len(images), size))
