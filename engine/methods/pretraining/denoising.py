"""Denoising: rebuild the image from a spoilt one.

What is unusual: the features are made to keep what pixels are, not what tells images apart; it gains much on the
target's own images and little on foreign ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import hyper
from engine.pretraining.method import REBUILD, PretrainHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class DenoisingHyperparameters(PretrainHyperparameters):
    batch_size: int = hyper(128, "Batch size", "Images per step.", low=2, high=4096)
    noise: float = hyper(0.4, "Noise", "Deviation of what is added, as a share of the range.", low=0.0, high=2.0, off=0)
    erased: float = hyper(0.1, "Erased pixels", "Share of pixels that are lost.", low=0.0, high=0.9, off=0)


class Denoise(PretrainMethod):
    name = "denoising"
    order = 440
    title = "Denoising"
    group = REBUILD
    idea = "Rebuild an image from a noisy one."
    paper = "Vincent et al. 2008, Extracting and Composing Robust Features with Denoising Autoencoders, ICML"
    Hyperparameters = DenoisingHyperparameters
    changes = "noise"
    presets = {"Usual values": {}, "Strong noise": {"noise": 0.8}}

    @property
    def passes(self) -> tuple[int, int]:
        return 1, 0

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.rebuilding import Denoising

        own = self.hyperparameters
        return Denoising(model.features, pool, own.noise, own.erased)
