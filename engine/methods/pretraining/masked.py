"""Masked: rebuild the patches that were hidden, in a network of any kind.

What is unusual: only hidden pixels count. The features are better fine-tuned than used as they are; the blank ground of
line drawings makes a small error easy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import hyper
from engine.pretraining.method import REBUILD, PretrainHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class MaskedHyperparameters(PretrainHyperparameters):
    batch_size: int = hyper(128, "Batch size", "Images per step.", low=2, high=4096)
    hidden: float = hyper(0.5, "Hidden", "Share of the patches that are hidden.", low=0.05, high=0.95)
    standardised: bool = hyper(
        False, "Standardised patches", "Rebuild each patch less its mean and by its deviation, as MAE does."
    )


class MaskedImages(PretrainMethod):
    name = "masked"
    order = 450
    title = "Masked images"
    group = REBUILD
    idea = "Rebuild the patches of an image that were hidden."
    paper = (
        "Pathak et al. 2016, Context Encoders, arXiv 1604.07379; He et al. 2021, Masked Autoencoders, arXiv 2111.06377"
    )
    differs = "For any network: hidden patches become background, and one decoder rebuilds at most 64 px."
    Hyperparameters = MaskedHyperparameters
    changes = "hidden"
    presets = {"Usual values": {}, "As MAE": {"hidden": 0.75, "standardised": True}}

    @property
    def passes(self) -> tuple[int, int]:
        return 1, 0

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.rebuilding import Masked

        own = self.hyperparameters
        return Masked(model.features, pool, own.hidden, own.standardised)
