"""Baseline++: as Baseline, with classes as directions compared by angle (Chen et al. 2019, arXiv 1904.04232).

Scores are s · cos(f, w_k); the scale s is learnt in training and kept at test, where new directions are fitted on each
support set from its class means. Training by angle keeps images of one class close together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from engine.method import hyper
from engine.methods.meta.baseline import FittedHyperparameters, Pretrained, PretrainingHyperparameters

if TYPE_CHECKING:
    from torch import Tensor

    from engine.backbones.backbone import Backbone


class AngleHyperparameters(PretrainingHyperparameters):
    scale: float = hyper(
        10.0, "Scale at first", "Factor on the cosines before the softmax; learnt from here.", low=0.1, high=100.0,
        log=True, advanced=True,
    )  # fmt: skip


class CosineHyperparameters(AngleHyperparameters, FittedHyperparameters):
    pass


class BaselinePlusPlus(Pretrained):
    name = "baseline_pp"
    order = 230
    title = "Baseline++"
    idea = "Train a classifier that compares by angle, then fit new directions on each support set."
    paper = "Chen et al. 2019, A Closer Look at Few-shot Classification, arXiv 1904.04232"
    differs = (
        "New directions start at the class means and are fitted by full-batch steps, at the learnt scale; the "
        "authors' start at random and take 100 epochs of SGD on batches of 4 at scale 2."
    )
    Hyperparameters: ClassVar[type[AngleHyperparameters]] = CosineHyperparameters
    presets = {"Minutes on a laptop": {}, "Five epochs of Omniglot": {"steps": 7000, "validate_every": 500}}

    def prepare(self, model: Backbone, way: int) -> None:
        from engine.adaptation.comparing import CosineHead

        model.meta = CosineHead(model.features, way, self.hyperparameters.scale)

    def classify_episodes(self, model: Backbone, support: Tensor, targets: Tensor, query: Tensor, way: int) -> Tensor:
        from torch.nn.functional import normalize

        from engine.adaptation.comparing import CosineHead
        from engine.adaptation.episode_heads import cosine_heads

        values = self.hyperparameters
        assert isinstance(model.meta, CosineHead)
        assert isinstance(values, CosineHyperparameters)
        scale = model.meta.scale().detach()
        directions = cosine_heads(support, targets, way, values.test_iterations, scale)
        return scale * normalize(query, dim=2) @ directions.mT
