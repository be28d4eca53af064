"""Two views of a text that differ in what the network loses of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engine.backbones.backbone import Backbone
from engine.backbones.dropping import dropping
from engine.preparation.inputs import Preparer
from engine.pretraining.lengths import by_length, in_order, trimmed
from engine.pretraining.losses import in_batch
from engine.pretraining.pretext import Compared, Told


class DropoutContrast(Compared):
    """SimCSE without labels. What is compared are the features themselves. share: of values that are lost."""

    def __init__(self, share: float, temperature: float) -> None:
        super().__init__(nn.Identity())
        self._share, self._temperature = share, temperature

    def told(self, model: Backbone, shape: Preparer, pixels: Tensor, draws: torch.Generator) -> Told:
        texts = shape(pixels)
        a, b = self._read(model, torch.cat([texts, texts]), draws).chunk(2)
        return {"loss": in_batch(a, b, self._temperature)}

    def _read(self, model: Backbone, texts: Tensor, draws: torch.Generator) -> Tensor:
        """Features float32 [n, d] of texts int64 [n, L], each of which loses other values."""
        if model.whole is not None:  # its authors' layers may lose values more than once a pass
            with dropping(model, self._share, draws):
                return self.embedded(model, texts)
        groups, parts = by_length(texts), []
        with dropping(model, self._share, draws, (len(texts), texts.shape[1])) as losing:
            for rows in groups:
                losing.rows = rows.cpu()
                parts.append(self.embedded(model, trimmed(texts[rows])))
        return in_order(parts, groups)
