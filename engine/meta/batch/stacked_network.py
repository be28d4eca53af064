"""A network with weights of its own for each task, where all its layers are known: many small tasks as one.

Weights are [tasks, …]: a convolution is the library's for each task, or one for all while they share a weight, every
other layer one operation, and batch norm takes the statistics of each task's own images. A second derivative costs what
the first does (see `engine.backbones.kernels.bilinear`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.backbones.backbone import Backbone
from engine.backbones.kernels.bilinear import Convolved
from engine.backbones.kernels.conv_block import ConvBlock
from engine.backbones.kernels.convolution import LEAST_CHANNELS, QuickConv2d
from engine.backbones.kernels.pooled_norm import pooled_norm, pooled_norm_of_seen, seen_of
from engine.backbones.networks import MeanPosition

Parameters = Mapping[str, Tensor]  # each [tasks, …]
Told = dict[str, tuple[Tensor, Tensor, int]]  # batch norm -> mean and variance [tasks, c] of so many values
Layer = Callable[[Parameters, Tensor, Told], Tensor]
CONVOLUTIONS = (nn.Conv2d, QuickConv2d)


@dataclass(frozen=True)
class StackedNetwork:
    """parameters: by their names in the backbone, [tasks, …]. inputs: [tasks, n, c, h, w] or [tasks, n, d] -> embed:
    [tasks, n, features] -> head and the network itself: [tasks, n, outputs]. convolutions: input channels of each."""

    layers: tuple[Layer, ...]
    convolutions: tuple[int, ...]

    def embed(self, parameters: Parameters, inputs: Tensor, told: Told | None = None) -> Tensor:
        """told: is given what each batch norm saw, without gradient and without the convolution's bias."""
        told = {} if told is None else told
        maps = inputs.dim() == 5
        values = inputs.permute(0, 1, 3, 4, 2).contiguous() if maps else inputs
        for layer in self.layers:
            values = layer(parameters, values, told)
        return values.permute(0, 1, 4, 2, 3).flatten(2) if maps else values

    def head(self, parameters: Parameters, features: Tensor) -> Tensor:
        return linear("head", parameters, features, {})

    def __call__(self, parameters: Parameters, inputs: Tensor) -> Tensor:
        return self.head(parameters, self.embed(parameters, inputs))


def stacked_network(model: Backbone) -> StackedNetwork | None:
    """None where a layer is of a kind that is not known here."""
    hooked = any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    if (
        type(model) is not Backbone
        or model.whole is not None
        or type(model.head) not in (nn.Linear, nn.Identity)
        or hooked
    ):
        return None
    named = [(f"blocks.{name}", block) for name, block in model.blocks.items()]
    layers = [layer for name, block in named for layer in layers_of(name, block)]
    if any(layer is None for layer in layers):
        return None
    convolutions = [part.in_channels for part in model.modules() if isinstance(part, nn.Conv2d)]
    return StackedNetwork(tuple(layer for layer in layers if layer), tuple(convolutions))


def layers_of(name: str, part: nn.Module) -> Iterator[Layer | None]:
    """What this part of the network does, in order; None for what is not known."""
    if type(part) not in (ConvBlock, nn.Sequential):
        yield _layer(name, part)
        return
    children = list(part.children())
    start = 0
    if type(part) is ConvBlock:
        start = 4
        yield _known_block(name, children)
    for number, child in enumerate(children[start:], start):
        yield _layer(f"{name}.{number}", child)


def _known_block(name: str, children: Sequence[nn.Module]) -> Layer | None:
    """Its first four layers, where they are those of Conv-4."""
    norm, others = children[1], [_layer("", children[place]) for place in (0, 2, 3)]
    if type(norm) is not nn.BatchNorm2d or not norm.affine or norm.momentum is None or others[1:] != [_relu, _max_pool]:
        return None
    return partial(_conv_block, name, norm.eps) if isinstance(children[0], nn.Conv2d) and others[0] else None


def _layer(name: str, part: nn.Module) -> Layer | None:
    kind = type(part)  # exactly: a subclass may compute something else
    if kind is nn.Linear and part.bias is not None:
        return partial(linear, name)
    if isinstance(part, nn.Conv2d) and kind in CONVOLUTIONS and _is_plain(part):
        return partial(_convolution, name)
    if kind is nn.ReLU:
        return _relu
    if isinstance(part, nn.MaxPool2d) and kind is nn.MaxPool2d and _is_halving(part):
        return _max_pool
    if kind is MeanPosition or (kind is nn.AdaptiveAvgPool2d and part.output_size == 1):
        return _mean_position
    return None


def _is_plain(layer: nn.Conv2d) -> bool:
    shape = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.groups, layer.padding_mode)
    return shape == ((3, 3), (1, 1), (1, 1), (1, 1), 1, "zeros") and layer.bias is not None


def _is_halving(layer: nn.MaxPool2d) -> bool:
    shape = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode, layer.return_indices)
    return shape == (2, 2, 0, 1, False, False)


def linear(name: str, parameters: Parameters, values: Tensor, told: Told) -> Tensor:
    """[tasks, n, d] -> [tasks, n, outputs]"""
    return torch.baddbmm(parameters[f"{name}.bias"].unsqueeze(1), values, parameters[f"{name}.weight"].mT)


def _convolution(name: str, parameters: Parameters, values: Tensor, told: Told) -> Tensor:
    return convolved(values, parameters[f"{name}.weight"]) + parameters[f"{name}.bias"][:, None, None, None]


def _conv_block(name: str, tiny: float, parameters: Parameters, values: Tensor, told: Told) -> Tensor:
    # The convolution's bias is taken away again with the mean: its gradient is zero.
    shift = parameters[f"{name}.1.bias"] + 0.0 * parameters[f"{name}.0.bias"]
    weight, scale = parameters[f"{name}.0.weight"], parameters[f"{name}.1.weight"]
    normed, mean, variance = conv_block(values, weight, scale, shift, tiny)
    told[name] = mean.detach(), variance.detach(), values[0, ..., 0].numel()
    return normed


def _relu(parameters: Parameters, values: Tensor, told: Told) -> Tensor:
    return values.relu()


def _max_pool(parameters: Parameters, values: Tensor, told: Told) -> Tensor:
    return max_pool(values)


def _mean_position(parameters: Parameters, values: Tensor, told: Told) -> Tensor:
    return values.mean((2, 3), keepdim=True)


def convolved(values: Tensor, weight: Tensor) -> Tensor:
    """values: [tasks, n, h, w, c]; weight: [tasks, o, c, 3, 3] -> [tasks, n, h, w, o]. Zero padding of 1."""
    return as_maps(Convolved.apply(as_images(values), weight, (1, 1)), len(values))


def conv_block(
    values: Tensor, weight: Tensor, scale: Tensor, shift: Tensor, tiny: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Convolution without bias, batch norm by each task's own statistics, ReLU and 2x2 max-pooling.

    values: [tasks, n, h, w, c]; weight: [tasks, o, c, 3, 3]; scale and shift: [tasks, o]; tiny: what batch norm adds
    to the variance -> [tasks, n, h // 2, w // 2, o]; mean and variance [tasks, o].
    """
    tasks, size = len(values), values.shape[2:4]
    if values.device.type == "cpu" and bool((scale > 0).all()):  # a GPU would have to be waited for
        if values.shape[-1] < LEAST_CHANNELS and not values.requires_grad:
            seen = seen_of(as_images(values), tasks)
            normed, mean, variance = pooled_norm_of_seen(seen, weight, size, scale, shift, tiny)
        else:
            normed, mean, variance = pooled_norm(as_images(convolved(values, weight)), scale, shift, tiny, tasks)
        return as_maps(normed, tasks), mean, variance
    maps = convolved(values, weight)
    rows = maps.flatten(1, 3)
    mean = rows.mean(1)
    centred = rows - mean[:, None]
    variance = centred.square().mean(1)
    normalised = centred * (scale * (variance + tiny).rsqrt())[:, None] + shift[:, None]
    return max_pool(normalised.relu().view_as(maps)), mean, variance


def max_pool(values: Tensor) -> Tensor:
    """[tasks, n, h, w, c] -> [tasks, n, h // 2, w // 2, c]"""
    return as_maps(F.max_pool2d(as_images(values), 2), len(values))


def as_images(values: Tensor) -> Tensor:
    """[tasks, n, h, w, c] -> [tasks * n, c, h, w], channels last in memory."""
    return values.flatten(0, 1).permute(0, 3, 1, 2)


def as_maps(images: Tensor, tasks: int) -> Tensor:
    """The inverse of `as_images`."""
    return images.permute(0, 2, 3, 1).unflatten(0, (tasks, -1))
