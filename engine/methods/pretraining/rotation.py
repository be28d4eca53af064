"""Rotation: by how many quarter turns was the image turned?

What is unusual: it needs images with an up. Turned 6s are 9s, and aerial photos have no up: then it learns nothing.
Turns are exact, because interpolation leaves traces that give the answer away.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import TYPE_CHECKING

from engine.method import hyper
from engine.pretraining.method import NAME, PretrainHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class RotationHyperparameters(PretrainHyperparameters):
    batch_size: int = hyper(128, "Batch size", "Images per step.", low=2, high=4096)
    all_turns: bool = hyper(
        False, "All four turns", "Every image in all four turns at each step, as in the paper; else one at random."
    )


class Rotation(PretrainMethod):
    name = "rotation"
    order = 460
    title = "Rotation"
    group = NAME
    idea = "Say by how many quarter turns an image was turned."
    paper = "Gidaris et al. 2018, Unsupervised Representation Learning by Predicting Image Rotations, arXiv 1803.07728"
    Hyperparameters = RotationHyperparameters
    changes = "all_turns"
    presets = {"Usual values": {}, "As in the paper": {"all_turns": True, "batch_size": 64}}

    @property
    def passes(self) -> tuple[int, int]:
        return (4, 0) if self.hyperparameters.all_turns else (1, 0)

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.naming import Turns

        return Turns(model.features, self.hyperparameters.all_turns)

    def remarks(self, pool: Pool, characters: bool) -> Iterator[str]:
        yield from super().remarks(pool, characters)
        if characters or pool.channels == 1:
            yield "Some digits and characters turned are others (6 and 9, N and Z): turns may not be told of them."

    def collapsed(self, pool: Pool) -> float:
        return log(4)
