"""The networks themselves: Conv-4, a small ResNet, and torchvision's as named blocks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.kernels.conv_block import ConvBlock
from engine.backbones.kernels.convolution import with_quick_gradients
from engine.backbones.published import CUT, random_blocks


def conv_block(inputs: int, outputs: int) -> nn.Sequential:
    """Convolution 3x3, batch norm, ReLU, max-pooling 2x2 (Vinyals et al. 2016)."""
    return ConvBlock(inputs, outputs)


def conv4(channels: int = 1, width: int = 64) -> OrderedDict[str, nn.Module]:
    """[n, 1, 28, 28] -> [n, 64, 1, 1]; larger images are averaged to one position."""
    parts = [conv_block(channels if i == 0 else width, width) for i in range(4)]
    parts[-1].append(nn.AdaptiveAvgPool2d(1))
    return OrderedDict((f"conv{i + 1}", part) for i, part in enumerate(parts))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2016); 1x1 shortcut where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet_small(channels: int = 1) -> OrderedDict[str, nn.Module]:
    """[n, 1, 28..64, 28..64] -> [n, 128, 1, 1] in a stem and three stages of two residual blocks."""
    stem = nn.Sequential(nn.Conv2d(channels, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU())

    def stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
        return nn.Sequential(ResidualBlock(inputs, outputs, stride), ResidualBlock(outputs, outputs, 1))

    last = stage(64, 128, 2).append(nn.AdaptiveAvgPool2d(1))
    return OrderedDict(stem=stem, stage1=stage(32, 32, 1), stage2=stage(32, 64, 2), stage3=last)


def sine_mlp(width: int = 40) -> OrderedDict[str, nn.Module]:
    """[n, 1] -> [n, 40]: the network of the sinusoid tasks, Xavier's initial weights and biases of 0."""

    layers = [nn.Sequential(xavier(nn.Linear(inputs, width)), nn.ReLU()) for inputs in (1, width)]
    return OrderedDict(layer1=layers[0], layer2=layers[1])


def xavier(layer: nn.Linear) -> nn.Linear:
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class MeanPosition(nn.Module):
    """[n, c, h, w] -> [n, c, 1, 1], as a plain mean, which can be mapped over stacked tasks."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True)


def bands_cnn(channels: int = 4) -> OrderedDict[str, nn.Module]:
    """[n, 4, 8, 8] -> [n, 64, 1, 1]; no batch norm, which would tell a method the region from its query images.
    He's initial weights, so that the features are large enough to be adapted without it."""

    def block(inputs: int, outputs: int, *after: nn.Module) -> nn.Sequential:
        layer = nn.Conv2d(inputs, outputs, 3, padding=1)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        return nn.Sequential(layer, nn.ReLU(), *after)

    return OrderedDict(conv1=block(channels, 32, nn.MaxPool2d(2)), conv2=block(32, 64, MeanPosition()))


BLOCKS: dict[str, Callable[..., OrderedDict[str, nn.Module]]] = {
    "conv4": conv4,
    "resnet_small": resnet_small,
    "sine_mlp": sine_mlp,
    "bands_cnn": bands_cnn,
    **{name: partial(random_blocks, name) for name in CUT},
}


def random_backbone(name: str, outputs: int | None) -> Backbone:
    """A backbone with random weights from torch's current random state. outputs: classes of the head, None for none."""
    info = catalog.backbone(name)
    model = Backbone(BLOCKS[name](), info.features, outputs)
    if info.inputs == "numbers" and isinstance(model.head, nn.Linear):
        xavier(model.head)
    with_quick_gradients(model)
    return model
