"""BYOL: one view's projection predicts the other's, as a slowly following copy of the network sees it; without the
copy, SimSiam.

What is unusual: no image is told from any other. Only the predictor, and that nothing is learnt through the target,
keep it from saying the same of all; it starts slowly, and its loss tells nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.method import hyper
from engine.pretraining.method import COMPARE, WIDE, ComparedHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class BYOLHyperparameters(ComparedHyperparameters):
    epochs: int = hyper(100, "Epochs", "How often every image is seen; it starts slowly.", low=1, high=5000)
    target: Literal["following copy", "itself (SimSiam)"] = hyper(
        "following copy", "Target", "Who says what is to be predicted: a copy that follows slowly, or the network."
    )
    momentum: float = hyper(
        0.99, "Momentum of the copy",
        "Share it keeps of itself at each step, rising to 1; 0.99 remembers about 100 steps.",
        low=0.0, high=0.9999, only_with=("target", "following copy"),
    )  # fmt: skip
    projector_width: int = WIDE


class BYOL(PretrainMethod):
    name = "byol"
    order = 420
    title = "BYOL"
    group = COMPARE
    idea = "Predict what a slowly following copy of the network makes of the other view."
    paper = "Grill et al. 2020, Bootstrap Your Own Latent, arXiv 2006.07733; Chen & He 2021, arXiv 2011.10566"
    differs = "AdamW and small heads; both views pass the network in one batch."
    Hyperparameters = BYOLHyperparameters
    presets = {
        "Characters": {}, "Photos": {"views": "photos, gentle"}, "SimSiam": {"target": "itself (SimSiam)"}
    }  # fmt: skip

    @property
    def passes(self) -> tuple[int, int]:
        return (4, 2) if self.hyperparameters.target == "following copy" else (2, 0)

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.bootstrap import Bootstrap

        own = self.hyperparameters
        momentum = own.momentum if own.target == "following copy" else None
        return Bootstrap(model, own.views, pool, own.projector_width, own.projector_output, momentum)

    def collapsed(self, pool: Pool) -> float:
        return 0.0 if self.hyperparameters.target == "following copy" else -1.0
