"""torchvision's ResNet-18 (He et al. 2016)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from engine.backbones.info import BackboneInfo, Block, Blocks, ImageForm
from engine.backbones.published import torchvision


def cut(network: Any) -> Blocks:
    """torchvision's resnet18 without its classifier, as stem and four layers."""
    from torch import nn

    n = network
    stem = nn.Sequential(OrderedDict(conv1=n.conv1, bn1=n.bn1, relu=n.relu, maxpool=n.maxpool))
    last = nn.Sequential(OrderedDict(layer4=n.layer4, pool=n.avgpool))
    return OrderedDict(stem=stem, layer1=n.layer1, layer2=n.layer2, layer3=n.layer3, layer4=last)


BACKBONE = BackboneInfo(
    "resnet18",
    "ResNet-18",
    "The residual network most photo transfer starts from.",
    (
        Block("stem", "Stem", 9_536),
        Block("layer1", "Layer 1", 147_968),
        Block("layer2", "Layer 2", 525_568),
        Block("layer3", "Layer 3", 2_099_712),
        Block("layer4", "Layer 4", 8_393_728),
    ),
    ImageForm(224, 3, least=32),
    features=512,
    **torchvision("resnet18", cut, "resnet18-f37072fd.pth", 46_830_571),
    batch_norm=True,
    order=3,
)
