"""Views compared dimension by dimension over the batch."""

from __future__ import annotations

from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.pretraining.losses import barlow_twins, vicreg
from engine.pretraining.pretext import ComparedImages, Told

OFF_DIAGONAL = 5e-3  # the weight that Barlow Twins gives to what two dimensions have in common


class Redundancy(ComparedImages):
    """VICReg or Barlow Twins."""

    def __init__(self, views: str, background: int, projector: nn.Module, rule: str) -> None:
        super().__init__(views, background, projector)
        self._rule = rule

    def compared(self, model: Backbone, both: Tensor) -> Told:
        a, b = self.projected(self.embedded(model, both)).chunk(2)
        return {"loss": vicreg(a, b) if self._rule == "VICReg" else barlow_twins(a, b, OFF_DIAGONAL)}
