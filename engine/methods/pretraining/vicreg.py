"""VICReg: two views alike, every dimension spread, no two dimensions saying the same; or Barlow Twins, its sibling.

What is unusual: nothing is told apart from other images; collapse is forbidden by what the batch's dimensions must be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.method import hyper
from engine.pretraining.method import COMPARE, WIDE, WIDE_OUTPUT, ComparedHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class VICRegHyperparameters(ComparedHyperparameters):
    rule: Literal["VICReg", "Barlow Twins"] = hyper(
        "VICReg", "Rule", "What the dimensions must be: spread and unlike in each view, or one to one across the views."
    )
    projector_width: int = WIDE
    projector_output: int = WIDE_OUTPUT


class VICReg(PretrainMethod):
    name = "vicreg"
    order = 410
    title = "VICReg"
    group = COMPARE
    idea = "Two views alike, every dimension spread over the images, no two dimensions saying the same."
    paper = "Bardes et al. 2022, VICReg: Variance-Invariance-Covariance Regularization, arXiv 2105.04906"
    differs = "The hinge is halved over the views, as in the authors' code; two layers of 512 as head."
    Hyperparameters = VICRegHyperparameters
    presets = {"Characters": {}, "Photos": {"views": "photos"}, "Barlow Twins": {"rule": "Barlow Twins"}}

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.pretext import mlp
        from engine.pretraining.redundancy import Redundancy

        own = self.hyperparameters
        out = min(own.projector_output, 2 * pool.batch)
        return Redundancy(own.views, pool.background, mlp(model.features, own.projector_width, out), own.rule)

    def collapsed(self, pool: Pool) -> float | None:
        """Where every projection is the same one."""
        return 24.75 if self.hyperparameters.rule == "VICReg" else None
