"""A small transformer for texts (Vaswani et al. 2017, arXiv 1706.03762), which learns from the texts at hand alone."""

from __future__ import annotations

from engine.backbones.info import BackboneInfo, Block, Blocks, TextForm
from engine.texts.words import NUMBERS

WIDTH, LAYERS = 128, 2


def build() -> Blocks:
    """int64 [n, words] -> [n, 128]."""
    from engine.backbones.bert import Bert, BertShape

    return Bert(BertShape(NUMBERS, WIDTH, LAYERS, heads=4, inner=4 * WIDTH, kinds=1)).cut()


BACKBONE = BackboneInfo(
    "text_transformer",
    "Small text transformer",
    "Two layers of attention over whole words, to learn a text task from nothing; needs many labels.",
    (
        Block("embeddings", "Words", 4_260_224),
        *(Block(f"layer{number}", f"Layer {number}", 198_272) for number in range(1, LAYERS + 1)),
    ),
    TextForm(64, "words"),
    features=WIDTH,
    build=build,
    family="transformer",
    order=10,
)  # fmt: skip
