"""torchvision's SqueezeNet 1.0 (Iandola et al. 2016)."""

from engine.backbones.published import usual

BACKBONE = usual("squeezenet1_0", "A 5 MB photo network that a laptop's CPU can fine-tune.", order=4)
