"""Auto-RGN: rates by how large each layer's gradient is against its weights (Lee et al. 2022, arXiv 2210.11466).

Before each epoch, over five batches of the target images drawn anew, RGN = |g| / |w| of every weight tensor; it then
learns at RGN / max RGN of the learning rate, with a rebuilt optimiser. Parameters of normalisation layers stay as they
are, and a tensor whose weights are all zero (a new bias) gets rate 0 instead of a division by zero.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.layers import BatchNorm, LayerRow, Measured
from engine.method import ENCODERS, hyper
from engine.tuning.method import (
    STATISTICS_AS_IN_THE_PAPER,
    FineTuneHyperparameters,
    FineTuneMethod,
    of_transformers,
)  # fmt: skip


class AutoRGNHyperparameters(FineTuneHyperparameters):
    epochs: int = hyper(20, "Epochs", "How often every training image is seen.", low=1, high=2000)
    batch_norm: BatchNorm = STATISTICS_AS_IN_THE_PAPER


class AutoRGN(FineTuneMethod):
    name = "auto_rgn"
    order = 80
    title = "Auto-RGN"
    group = "Some layers"
    idea = "Let the gradients say which layers need to change, anew before every epoch."
    paper = "Lee et al. 2022, Surgical Fine-Tuning Improves Adaptation to Distribution Shifts, arXiv 2210.11466"
    Hyperparameters = AutoRGNHyperparameters
    measures_rates = True
    presets = {"Usual values": {}, "Smaller rate": {"learning_rate": 1e-4}, ENCODERS: of_transformers(1e-4, head=10.0)}

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        return dict.fromkeys(blocks, self.row())

    def measured_rates(self, measured: Mapping[str, Measured]) -> dict[str, float]:
        """RGN / max RGN."""
        ratio = {name: found.gradient / found.weight if found.weight > 0 else 0.0 for name, found in measured.items()}
        largest = max(ratio.values(), default=0.0)
        return {name: value / largest if largest > 0 else 0.0 for name, value in ratio.items()}
