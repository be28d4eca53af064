"""EfficientNet-Lite0 (Tan and Le 2019; the Lite variants of 2020), for processors of phones and laptops."""

from __future__ import annotations

from engine.backbones.info import BackboneInfo, Block, ImageForm
from engine.backbones.published import packaged

BACKBONE = BackboneInfo(
    "efficientnet_lite0",
    "EfficientNet-Lite0",
    "The photo network to begin with: good features, quick without a GPU, nothing to download.",
    (
        Block("stem", "Stem and stage 1", 1_824),
        Block("stage2", "Stage 2", 13_968),
        Block("stage3", "Stage 3", 39_712),
        Block("stages4_5", "Stages 4 and 5", 645_264),
        Block("stages6_7", "Stages 6 and 7", 2_258_080),
        Block("top", "Last convolution", 412_160),
    ),
    ImageForm(224, 3, least=32),
    features=1280,
    **packaged(
        0,
        1.0,
        1.0,
        "efficientnet-lite0-57934424.pth",
        18_826_032,
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    batch_norm=True,
    family="mobile",
    order=3,
)
