"""torchvision's ViT-B/16 (Dosovitskiy et al. 2021)."""

from engine.backbones.published import usual

BACKBONE = usual("vit_b_16", "Patches of 16 pixels that attend to each other; made for a GPU.", order=6)
