"""torchvision's ConvNeXt-Tiny (Liu et al. 2022)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from engine.backbones.info import BackboneInfo, Block, Blocks, ImageForm
from engine.backbones.published import torchvision


def cut(network: Any) -> Blocks:
    """torchvision's convnext_tiny (Liu et al. 2022): each stage with the downsampling before it, the last with the
    pooling and its norm."""
    from torch import nn

    parts = list(network.features)
    return OrderedDict(
        stem=parts[0],
        stage1=parts[1],
        stage2=nn.Sequential(*parts[2:4]),
        stage3=nn.Sequential(*parts[4:6]),
        stage4=nn.Sequential(*parts[6:8], network.avgpool, network.classifier[0]),
    )


BACKBONE = BackboneInfo(
    "convnext_tiny",
    "ConvNeXt-Tiny",
    "Strong photo features from a modern convolutional network; slow without a GPU.",
    (
        Block("stem", "Stem", 4_896),
        Block("stage1", "Stage 1", 237_888),
        Block("stage2", "Stage 2", 992_256),
        Block("stage3", "Stage 3", 11_112_960),
        Block("stage4", "Stage 4", 15_472_128),
    ),
    ImageForm(224, 3, least=32),
    features=768,
    **torchvision(
        "convnext_tiny",
        cut,
        "convnext_tiny-983f1562.pth",
        114_419_565,
        stochastic_depth_prob=0.0,  # it would draw from a random state that is not the experiment's
    ),
    order=5,
)
