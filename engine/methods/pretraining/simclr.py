"""SimCLR: an image's two views are to find each other among all views of the batch; with a queue, MoCo.

What is unusual: there is no negative but other images, so that a batch should be large; a queue of earlier projections
by a slowly following copy of the network (MoCo) gives many where the batch is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.method import hyper
from engine.pretraining.method import COMPARE, ComparedHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class SimCLRHyperparameters(ComparedHyperparameters):
    temperature: float = hyper(
        0.2, "Temperature", "The lower, the more the nearest wrong images count.", low=0.01, high=2.0, log=True
    )
    queue: int = hyper(
        0, "Queue", "Earlier projections that count as wrong (MoCo); at most half of what the images give.",
        unit="images", low=0, high=65536, off=0, advanced=True,
    )  # fmt: skip
    momentum: float = hyper(
        0.99, "Momentum of the copy", "Share that the queue's network keeps of itself at each step.",
        low=0.0, high=0.9999, advanced=True,
    )  # fmt: skip


class SimCLR(PretrainMethod):
    name = "simclr"
    order = 400
    title = "SimCLR"
    group = COMPARE
    idea = "Two changed views of an image are to find each other among those of all others."
    paper = "Chen et al. 2020, A Simple Framework for Contrastive Learning, arXiv 2002.05709"
    differs = (
        "AdamW and small heads for batches of hundreds; both views pass the network in one batch; with a queue "
        "batch norm is not shuffled."
    )
    Hyperparameters = SimCLRHyperparameters
    presets = {
        "Characters": {}, "Photos": {"views": "photos"},
        "Small pool": {"batch_size": 128, "epochs": 150},
        "MoCo": {"queue": 4096, "temperature": 0.1},
    }  # fmt: skip

    @property
    def passes(self) -> tuple[int, int]:
        return (4, 2) if self.hyperparameters.queue else (2, 0)

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.contrast import Contrast, QueueContrast
        from engine.pretraining.pretext import mlp

        own = self.hyperparameters
        head = mlp(model.features, own.projector_width, own.projector_output)
        if queue := self.queue(pool):
            return QueueContrast(model, own.views, pool.background, head, own.temperature, queue, own.momentum)
        return Contrast(own.views, pool.background, head, own.temperature)

    def remarks(self, pool: Pool, characters: bool) -> Iterator[str]:
        yield from super().remarks(pool, characters)
        if self.queue(pool) < self.hyperparameters.queue:
            yield (
                f"The queue is cut to {self.queue(pool):,}, half of what the images give: a longer one would mostly "
                "hold the images' own earlier projections."
            )

    def queue(self, pool: Pool) -> int:
        """At most half of what the other images give: an image's own earlier projection may still be among what is
        wrong for it, around the turn of an epoch."""
        return min(self.hyperparameters.queue, max(0, (pool.images - pool.batch) // 2))

    def collapsed(self, pool: Pool) -> float:
        from math import log

        queue = self.queue(pool)
        return log(1 + queue) if queue else log(2 * pool.batch - 1)
