"""DINO: a student gives each view to the prototypes that a slowly following teacher gives the other view to.

What is unusual: targets are sharpened and centred, which together keep one prototype from taking all.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

from engine.method import hyper
from engine.pretraining.method import COMPARE, WIDE, ComparedHyperparameters, PretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class DINOHyperparameters(ComparedHyperparameters):
    prototypes: int = hyper(256, "Prototypes", "Groups that student and teacher agree on.", low=2, high=65536, log=True)
    momentum: float = hyper(
        0.99, "Momentum of the teacher", "Share it keeps of itself at each step, rising to 1.", low=0.0, high=0.9999
    )
    student_temperature: float = hyper(
        0.1, "Temperature of the student", "How sharply it chooses.", low=0.01, high=1.0, advanced=True
    )
    teacher_temperature: float = hyper(
        0.04, "Temperature of the teacher", "Lower than the student's.", low=0.01, high=1.0, advanced=True
    )
    projector_width: int = WIDE


class DINO(PretrainMethod):
    name = "dino"
    order = 430
    title = "DINO"
    group = COMPARE
    idea = "Agree with a slowly following teacher on which prototypes an image belongs to."
    paper = "Caron et al. 2021, Emerging Properties in Self-Supervised Vision Transformers, arXiv 2104.14294"
    differs = "Two views of the whole image instead of many small crops; a few hundred prototypes."
    Hyperparameters = DINOHyperparameters
    presets = {"Characters": {}, "Photos": {"views": "photos, gentle", "prototypes": 512}}

    @property
    def passes(self) -> tuple[int, int]:
        return 4, 2

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.distillation import Distillation

        own = self.hyperparameters
        temperatures = own.student_temperature, own.teacher_temperature
        widths = own.projector_width, own.projector_output, own.prototypes
        return Distillation(model, own.views, pool.background, widths, own.momentum, temperatures)

    def collapsed(self, pool: Pool) -> float:
        return log(self.hyperparameters.prototypes)
