"""EfficientNet-Lite1 (Tan and Le 2019; the Lite variants of 2020), for processors of phones and laptops."""

from __future__ import annotations

from engine.backbones.info import BackboneInfo, Block, ImageForm
from engine.backbones.published import packaged

BACKBONE = BackboneInfo(
    "efficientnet_lite1",
    "EfficientNet-Lite1",
    "A deeper Lite0: somewhat better features, about half as quick again.",
    (
        Block("stem", "Stem and stage 1", 1_824),
        Block("stage2", "Stage 2", 22_800),
        Block("stage3", "Stage 3", 65_952),
        Block("stages4_5", "Stages 4 and 5", 898_704),
        Block("stages6_7", "Stages 6 and 7", 2_734_240),
        Block("top", "Last convolution", 412_160),
    ),
    ImageForm(240, 3, least=32),
    features=1280,
    **packaged(
        1,
        1.0,
        1.1,
        "efficientnet-lite1-77cc7160.pth",
        21_946_926,
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    ),
    batch_norm=True,
    family="mobile",
    order=6,
)
