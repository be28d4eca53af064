"""A small ResNet (He et al. 2016)."""

from __future__ import annotations

from collections import OrderedDict

from engine.backbones.info import BackboneInfo, Block, Blocks, Bundled, ImageForm


def build(channels: int = 1) -> Blocks:
    """[n, 1, 28..64, 28..64] -> [n, 128, 1, 1] in a stem and three stages of two residual blocks."""
    from torch import nn

    from engine.backbones.networks import ResidualBlock

    stem = nn.Sequential(nn.Conv2d(channels, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU())

    def stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
        return nn.Sequential(ResidualBlock(inputs, outputs, stride), ResidualBlock(outputs, outputs, 1))

    last = stage(64, 128, 2).append(nn.AdaptiveAvgPool2d(1))
    return OrderedDict(stem=stem, stage1=stage(32, 32, 1), stage2=stage(32, 64, 2), stage3=last)


BACKBONE = BackboneInfo(
    "resnet_small",
    "Small ResNet",
    "Six residual blocks for images of 28 to 64 pixels.",
    (
        Block("stem", "Stem", 352),
        Block("stage1", "Stage 1", 37_120),
        Block("stage2", "Stage 2", 131_712),
        Block("stage3", "Stage 3", 525_568),
    ),
    ImageForm(28, 1, least=16),
    features=128,
    build=build,
    batch_norm=True,
    bundled=(Bundled("omniglot-supervised", "Omniglot, supervised", "supervised"),),
    order=2,
)
