"""A small network for patches of four bands."""

from __future__ import annotations

from collections import OrderedDict

from engine.backbones.info import BackboneInfo, Block, Blocks, ImageForm


def build(channels: int = 4) -> Blocks:
    """[n, 4, 8, 8] -> [n, 64, 1, 1]; no batch norm, which would tell a method the region from its query images.
    He's initial weights, so that the features are large enough to be adapted without it."""
    from torch import nn

    from engine.backbones.networks import MeanPosition

    def block(inputs: int, outputs: int, *after: nn.Module) -> nn.Sequential:
        layer = nn.Conv2d(inputs, outputs, 3, padding=1)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        return nn.Sequential(layer, nn.ReLU(), *after)

    return OrderedDict(conv1=block(channels, 32, nn.MaxPool2d(2)), conv2=block(32, 64, MeanPosition()))


BACKBONE = BackboneInfo(
    "bands_cnn", "Bands CNN", "Two small convolutions without normalisation, for patches of four bands.",
    (Block("conv1", "Convolution 1", 1_184), Block("conv2", "Convolution 2", 18_496)), ImageForm(8, 4, least=4),
    features=64, build=build, order=8,
)  # fmt: skip
