"""Convolutions whose gradients are matrix products where that is quicker on a CPU.

With AVX2 the library's own weight gradient of a 3x3 convolution on channels-last maps is slower than a matrix product
where there are many channels (46 ms against 9 for 512 channels on 2x2, 42 against 24 on 7x7, 11 against 8 for 256 on
4x4) or large maps (45 against 34 for 64 channels on 56x56). So the images are unfolded, a few megabytes at a time, and
multiplied by the output's gradient. On maps of up to 2x2 the convolution itself and its input gradient are matrix
products too. With AVX-512 the library's are as quick, and they are left to it (`pays`). Which way is taken depends on
the instruction set and on shapes alone, so a run repeats exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

UNFOLDED_BYTES = 1 << 23  # of unfolded images at a time: what a processor's cache holds
LEAST_CHANNELS, LEAST_OUTPUTS = 16, 64  # with fewer, unfolding costs more than it saves
MANY_OUTPUTS, LARGE = 128, 28 * 28  # so many outputs, or more positions than that, are needed for a gain
TINY = 4  # positions of the largest map whose convolution is a matrix product as a whole


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


def folded(seen: Tensor, shape: torch.Size, by: Geometry) -> Tensor:
    """The transpose of `unfolded`: sums what positions see back into images of this shape."""
    n, channels, height, width = shape
    down, right = by.output(height), by.output(width)
    parts = seen.view(n, down, right, by.side, by.side, channels)
    total = seen.new_zeros(n, height + 2 * by.padding, width + 2 * by.padding, channels)
    for row in range(by.side):
        for column in range(by.side):
            rows = slice(row, row + by.stride * (down - 1) + 1, by.stride)
            columns = slice(column, column + by.stride * (right - 1) + 1, by.stride)
            total[:, rows, columns].add_(parts[:, :, :, row, column])
    inside = total[:, by.padding : by.padding + height, by.padding : by.padding + width]
    return inside.permute(0, 3, 1, 2)


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


class MatrixConvolution(torch.autograd.Function):
    """A convolution without bias whose gradients are taken as above, or by the library where they must be
    differentiable themselves."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, by: Geometry) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.by = by
        down, right = by.output(images.shape[2]), by.output(images.shape[3])
        ctx.tiny = down * right <= TINY
        if not ctx.tiny:
            return F.conv2d(images, weight, None, by.stride, by.padding)
        rows = unfolded(images, by) @ as_matrix(weight).t()
        return rows.view(len(images), down, right, len(weight)).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        (gradient,) = gradients
        images, weight = ctx.saved_tensors
        for_images, for_weight, _ = ctx.needs_input_grad
        if torch.is_grad_enabled():  # a second derivative is wanted
            return (*library_gradients(images, weight, gradient, ctx.by, for_images, for_weight), None)
        own = weight_gradient(images, gradient, ctx.by) if for_weight else None
        if not for_images:
            return None, own, None
        if ctx.tiny:
            return folded(rows_of(gradient) @ as_matrix(weight), images.shape, ctx.by), own, None
        return library_gradients(images, weight, gradient, ctx.by, True, False)[0], own, None


def library_gradients(
    images: Tensor, weight: Tensor, gradient: Tensor, by: Geometry, for_images: bool, for_weight: bool
) -> tuple[Tensor | None, Tensor | None]:
    stride, padding = [by.stride] * 2, [by.padding] * 2
    found: tuple[Tensor | None, ...] = torch.ops.aten.convolution_backward(
        gradient, images, weight, None, stride, padding, [1, 1], False, [0, 0], 1, [for_images, for_weight, False]
    )
    return found[0], found[1]


class QuickConv2d(nn.Conv2d):
    """nn.Conv2d that takes the quicker way on a CPU in float32."""

    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        by = Geometry(self.kernel_size[0], self.stride[0], int(self.padding[0]))
        positions = by.output(input.shape[2]) * by.output(input.shape[3])
        many = self.out_channels >= MANY_OUTPUTS
        learns = weight.requires_grad and torch.is_grad_enabled()
        gains_now = (many and positions <= TINY) or (learns and (many or positions > LARGE))
        if not (gains_now and _is_plain(input)):
            return super()._conv_forward(input, weight, bias)
        maps: Tensor = MatrixConvolution.apply(input, weight, by)
        return maps if bias is None else maps + bias.view(1, -1, 1, 1)


def rebuilt(kind: type[nn.Conv2d], layer: nn.Conv2d) -> nn.Conv2d:
    """The same layer as one of this kind: its parameters themselves, nothing drawn or copied."""
    new = kind(
        layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding,  # type: ignore[arg-type]
        bias=layer.bias is not None, device="meta",
    )  # fmt: skip
    new.weight, new.bias = layer.weight, layer.bias
    return new.train(layer.training)


def _is_plain(images: Tensor) -> bool:
    return images.device.type == "cpu" and images.dtype is torch.float32 and not torch.is_autocast_enabled("cpu")


def gains(layer: nn.Module) -> bool:
    """Whether a matrix product may suit this convolution: square, larger than 1x1, in one group, not narrow."""
    return (
        type(layer) is nn.Conv2d
        and layer.kernel_size[0] == layer.kernel_size[1] > 1
        and layer.stride[0] == layer.stride[1]
        and layer.padding in ((0, 0), (1, 1), (2, 2), (3, 3))
        and (layer.dilation, layer.groups, layer.padding_mode) == ((1, 1), 1, "zeros")
        and layer.in_channels >= LEAST_CHANNELS
        and layer.out_channels >= LEAST_OUTPUTS
    )


def pays() -> bool:
    """Whether the library leaves anything to gain here. A step of ResNet-18 on one thread of an AMD EPYC, limited to
    AVX2: 405 ms instead of 565 for 32 images of 64 pixels, 1,180 instead of 1,232 for 8 of 224; with its AVX-512 346
    instead of 343, and 1,023 instead of 940."""
    return torch.backends.cpu.get_cpu_capability() == "AVX2"


def with_quick_gradients(network: nn.Module) -> None:
    """Replace, in place, the convolutions that gain; names, parameters and results stay."""
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.Conv2d) and gains(layer):
            network.set_submodule(name, rebuilt(QuickConv2d, layer))
