"""Parts that several networks are made of, and a network of them with random weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.backbones import catalog
from engine.backbones.backbone import Backbone
from engine.backbones.kernels.conv_block import ConvBlock
from engine.backbones.kernels.convolution import pays, with_quick_gradients


def conv_block(inputs: int, outputs: int) -> nn.Sequential:
    """Convolution 3x3, batch norm, ReLU, max-pooling 2x2 (Vinyals et al. 2016)."""
    return ConvBlock(inputs, outputs)


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


def xavier(layer: nn.Linear) -> nn.Linear:
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class MeanPosition(nn.Module):
    """[n, c, h, w] -> [n, c, 1, 1], as a plain mean, which can be mapped over stacked tasks."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3), keepdim=True)


def random_backbone(name: str, outputs: int | None) -> Backbone:
    """A backbone with random weights from torch's current random state. outputs: classes of the head, None for none."""
    info = catalog.backbone(name)
    model = Backbone(info.build(), info.features, outputs)
    if info.form.kind != "images" and isinstance(model.head, nn.Linear):
        xavier(model.head)
    if pays():
        with_quick_gradients(model)
    return model
