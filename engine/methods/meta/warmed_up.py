"""Meta-learners that begin as a classifier of all training classes and go on with episodes: the first part of the run
is minibatches, as the baselines learn, with a linear head that is dropped afterwards.

Papers that start from a pretrained network do this in two programs; here one run does both, so that what it costs and
what it learnt from is told in one place. Weights that come pretrained need none: a few minibatches with a new head at
first undo what they are good for, so that it is asked for where they start random, and its lack is told there.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.meta.roles import Episodes, MetaRun, Minibatches
from engine.method import hyper
from engine.methods.meta.embedding_based import WAY_AS_PUBLISHED, EmbeddingBased, EmbeddingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.backbones.backbone import Backbone


class WarmedUpHyperparameters(EmbeddingHyperparameters):
    training_way: int = WAY_AS_PUBLISHED
    warm_up: float = hyper(
        0.0, "Warm-up",
        "Share of the steps that are minibatches of all classes, before the episodes; for weights that start random.",
        low=0.0, high=1.0,
    )  # fmt: skip
    batch_size: int = hyper(64, "Batch size", "Images in a minibatch of the warm-up.", unit="images", low=2, high=1024)
    warm_up_rate: float = hyper(
        2e-3, "Warm-up rate", "Step size of Adam in the warm-up; it falls to 0 along a cosine.", low=1e-6, high=1.0,
        log=True,
    )  # fmt: skip
    learning_rate: float = hyper(
        2e-4, "Outer learning rate", "Step size of Adam on episodes.", low=1e-6, high=1.0, log=True
    )


class WarmedUp(EmbeddingBased):
    """A subclass says `episodic`, what learns from episodes besides the embedding, and `classify_features`."""

    group = "Pretrain, meta-train"
    Hyperparameters = WarmedUpHyperparameters

    @property
    def trains(self) -> Episodes | Minibatches:
        values = self.hyperparameters
        return Minibatches(values.batch_size, values.warm_up) if values.warm_up else Episodes()

    def remark(self, weights: str) -> str:
        if weights != "random" or self.trains.share:
            return ""
        return "The weights start random and there is no warm-up, so that all is learnt from episodes."

    def episodic(self, features: int) -> nn.Module:
        """A new module of what episodes need besides the embedding."""
        raise TypeError(f"{type(self).__name__} does not say what learns from episodes")

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import TwoStages

        model.meta = TwoStages(self.episodic(model.features), model.features, way if self.trains.share else None)

    def quick(self, model: Backbone) -> list[Tensor]:
        """Of what learns besides the embedding, not the head of the warm-up."""
        return [value for value in model.meta.episodic.parameters() if value.requires_grad]  # type: ignore[union-attr]

    def rate_factor(self, run: MetaRun) -> float:
        chosen = self.hyperparameters
        if run.progress < self.trains.share:
            fall = 0.5 * (1 + math.cos(math.pi * run.progress / self.trains.share))
            return float(chosen.warm_up_rate / chosen.learning_rate * fall)
        return super().rate_factor(replace(run, step=max(0, run.step - round(self.trains.share * chosen.steps))))
