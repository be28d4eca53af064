"""torchvision's SqueezeNet 1.0 (Iandola et al. 2016)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from engine.backbones.info import BackboneInfo, Block, Blocks, ImageForm
from engine.backbones.published import torchvision


def cut(network: Any) -> Blocks:
    """torchvision's squeezenet1_0 features, averaged to 512 values; a linear head takes the 1x1 classifier's place."""
    from torch import nn

    parts = list(network.features)
    return OrderedDict(
        stem=nn.Sequential(*parts[:3]),
        fire2_4=nn.Sequential(*parts[3:7]),
        fire5_8=nn.Sequential(*parts[7:12]),
        fire9=nn.Sequential(*parts[12:], nn.AdaptiveAvgPool2d(1)),
    )


BACKBONE = BackboneInfo(
    "squeezenet1_0",
    "SqueezeNet 1.0",
    "A 5 MB photo network that a laptop's CPU can fine-tune.",
    (
        Block("stem", "Stem", 14_208),
        Block("fire2_4", "Fire 2–4", 69_696),
        Block("fire5_8", "Fire 5–8", 454_336),
        Block("fire9", "Fire 9", 197_184),
    ),
    ImageForm(224, 3, least=32),
    features=512,
    **torchvision("squeezenet1_0", cut, "squeezenet1_0-b66bff10.pth", 5_017_600),
    order=4,
)
