"""SupCon: SimCLR whose views are to find all views of their class, not their image's other one alone.

What is unusual: the labels of the training images are learnt from. It stands among what learns without them to show
what labels add to the same loop; what it leaves is not self-supervised.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log
from typing import TYPE_CHECKING

from engine.method import hyper
from engine.pretraining.method import COMPARE, ComparedHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class SupConHyperparameters(ComparedHyperparameters):
    temperature: float = hyper(
        0.2, "Temperature", "The lower, the more the nearest images of other classes count.", low=0.01, high=2.0,
        log=True,
    )  # fmt: skip


class SupCon(PretrainMethod):
    name = "supcon"
    order = 405
    title = "SupCon (uses labels)"
    group = COMPARE
    idea = "Two changed views of an image are to find all views of its class: labels are learnt from."
    paper = "Khosla et al. 2020, Supervised Contrastive Learning, arXiv 2004.11362"
    differs = "AdamW and small heads for batches of hundreds; both views pass the network in one batch."
    Hyperparameters = SupConHyperparameters
    presets = {"Characters": {}, "Photos": {"views": "photos"}}
    learns_labels = True

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.contrast import SupervisedContrast
        from engine.pretraining.pretext import mlp

        own = self.hyperparameters
        head = mlp(model.features, own.projector_width, own.projector_output)
        return SupervisedContrast(own.views, pool.background, head, own.temperature)

    def remarks(self, pool: Pool, characters: bool) -> Iterator[str]:
        yield from super().remarks(pool, characters)
        yield "The labels of the training images are learnt from: what it leaves is not self-supervised."

    def collapsed(self, pool: Pool) -> float:
        return log(2 * pool.batch - 1)
