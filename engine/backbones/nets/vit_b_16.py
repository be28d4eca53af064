"""torchvision's ViT-B/16 (Dosovitskiy et al. 2021)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from engine.backbones.info import BackboneInfo, Block, Blocks, ImageForm
from engine.backbones.published import torchvision


def cut(network: Any) -> Blocks:
    """torchvision's vit_b_16 (Dosovitskiy et al. 2021): patches, then its twelve layers by threes; the features are the
    class token after the final norm."""
    from torch import nn

    from engine.backbones.vision_transformer import ClassToken, EncoderLayer, Patches

    layers = [EncoderLayer(layer) for layer in network.encoder.layers]
    threes = [nn.Sequential(*layers[start : start + 3]) for start in range(0, 12, 3)]
    threes[-1].append(ClassToken()).append(network.encoder.ln)
    names = ("layers1_3", "layers4_6", "layers7_9", "layers10_12")
    return OrderedDict(stem=Patches(network), **dict(zip(names, threes, strict=True)))


BACKBONE = BackboneInfo(
    "vit_b_16",
    "ViT-B/16",
    "Patches of 16 pixels that attend to each other; made for a GPU.",
    (
        Block("stem", "Patches", 742_656),
        Block("layers1_3", "Layers 1–3", 21_263_616),
        Block("layers4_6", "Layers 4–6", 21_263_616),
        Block("layers7_9", "Layers 7–9", 21_263_616),
        Block("layers10_12", "Layers 10–12", 21_265_152),
    ),
    ImageForm(224, 3, least=224, fixed=True),
    features=768,
    **torchvision("vit_b_16", cut, "vit_b_16-c867db91.pth", 346_328_529),
    order=6,
    family="transformer",
)
