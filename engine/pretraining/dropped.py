"""Two views of a text that differ in what the network loses of it."""

from __future__ import annotations

import torch
from torch import nn

from engine.backbones.backbone import Backbone
from engine.backbones.dropping import dropping
from engine.preparation.inputs import Preparer
from engine.pretraining.losses import in_batch
from engine.pretraining.pretext import Compared, Told


class DropoutContrast(Compared):
    """SimCSE without labels. What is compared are the features themselves. share: of values that are lost."""

    def __init__(self, share: float, temperature: float) -> None:
        super().__init__(nn.Identity())
        self._share, self._temperature = share, temperature

    def told(self, model: Backbone, shape: Preparer, pixels: torch.Tensor, draws: torch.Generator) -> Told:
        texts = shape(pixels)
        with dropping(model, self._share, draws):
            a, b = self.embedded(model, torch.cat([texts, texts])).chunk(2)
        return {"loss": in_batch(a, b, self._temperature)}
