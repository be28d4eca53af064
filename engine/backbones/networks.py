"""The networks themselves: Conv-4, a small ResNet, and torchvision's ResNet-18 and SqueezeNet 1.0 as named blocks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from engine.backbones import catalog
from engine.backbones.backbone import Backbone


def conv_block(inputs: int, outputs: int) -> nn.Sequential:
    """Convolution 3x3, batch norm, ReLU, max-pooling 2x2 (Vinyals et al. 2016)."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2))


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


def resnet18_blocks(network: Any) -> OrderedDict[str, nn.Module]:
    """torchvision's resnet18 without its classifier, as stem and four layers."""
    n = network
    stem = nn.Sequential(OrderedDict(conv1=n.conv1, bn1=n.bn1, relu=n.relu, maxpool=n.maxpool))
    last = nn.Sequential(OrderedDict(layer4=n.layer4, pool=n.avgpool))
    return OrderedDict(stem=stem, layer1=n.layer1, layer2=n.layer2, layer3=n.layer3, layer4=last)


def squeezenet_blocks(network: Any) -> OrderedDict[str, nn.Module]:
    """torchvision's squeezenet1_0 features, averaged to 512 values; a linear head takes the 1x1 classifier's place."""
    parts = list(network.features)
    return OrderedDict(
        stem=nn.Sequential(*parts[:3]),
        fire2_4=nn.Sequential(*parts[3:7]),
        fire5_8=nn.Sequential(*parts[7:12]),
        fire9=nn.Sequential(*parts[12:], nn.AdaptiveAvgPool2d(1)),
    )


def torchvision_network(name: str, state: dict[str, Tensor] | None = None) -> nn.Module:
    """torchvision's network of this name, with the published state if given."""
    from torchvision import models

    network: nn.Module = {"resnet18": models.resnet18, "squeezenet1_0": models.squeezenet1_0}[name](weights=None)
    if state is not None:
        network.load_state_dict(state)
    return network


BLOCKS: dict[str, Callable[[], OrderedDict[str, nn.Module]]] = {
    "conv4": conv4,
    "resnet_small": resnet_small,
    "resnet18": lambda: resnet18_blocks(torchvision_network("resnet18")),
    "squeezenet1_0": lambda: squeezenet_blocks(torchvision_network("squeezenet1_0")),
}


def random_backbone(name: str, outputs: int | None) -> Backbone:
    """A backbone with random weights from torch's current random state. outputs: classes of the head, None for none."""
    info = catalog.backbone(name)
    return Backbone(BLOCKS[name](), info.features, outputs)
