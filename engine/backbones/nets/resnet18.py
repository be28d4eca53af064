"""torchvision's ResNet-18 (He et al. 2016)."""

from engine.backbones.published import usual

BACKBONE = usual("resnet18", "The residual network most photo transfer starts from.", order=3)
