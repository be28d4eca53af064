"""EfficientNet-Lite2 (Tan and Le 2019; the Lite variants of 2020), for processors of phones and laptops."""

from __future__ import annotations

from engine.backbones.info import BackboneInfo, Block, ImageForm
from engine.backbones.published import packaged

BACKBONE = BackboneInfo(
    "efficientnet_lite2",
    "EfficientNet-Lite2",
    "The widest Lite that still suits a laptop without a GPU.",
    (
        Block("stem", "Stem and stage 1", 1_824),
        Block("stage2", "Stage 2", 22_800),
        Block("stage3", "Stage 3", 86_832),
        Block("stages4_5", "Stages 4 and 5", 1_050_128),
        Block("stages6_7", "Stages 6 and 7", 3_196_368),
        Block("top", "Last convolution", 453_120),
    ),
    ImageForm(260, 3, least=32),
    features=1280,
    **packaged(
        2,
        1.1,
        1.2,
        "efficientnet-lite2-9656183e.pth",
        24_666_229,
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
    batch_norm=True,
    family="mobile",
    order=6,
)
