"""torchvision's ConvNeXt-Tiny (Liu et al. 2022)."""

from engine.backbones.published import usual

BACKBONE = usual(
    "convnext_tiny", "Strong photo features from a modern convolutional network; slow without a GPU.", order=5
)
