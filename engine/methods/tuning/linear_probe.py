"""Linear probe: the pretrained blocks are frozen, only a new linear head is trained.

Because the features never change, every image is embedded once and the head is trained on the standardised, cached
features; the trunk stays in eval mode, so that batch norm does not adapt either.
"""

from __future__ import annotations

from typing import Literal

from engine.layers import HEAD, LayerRow
from engine.method import REGULAR, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod


class LinearProbeHyperparameters(FineTuneHyperparameters):
    epochs: int = hyper(100, "Epochs", "Passes over the cached features; each takes a moment.", low=1, high=5000)
    learning_rate: float = hyper(1e-2, "Learning rate", "Step size of AdamW on the head.", low=1e-6, high=1.0, log=True)
    weight_decay: float = hyper(
        1.0, "Weight decay",
        "Pull of the head's weights towards zero; the standardised features of few images want a strong one.", low=0.0,
        high=10.0, log=True,
    )  # fmt: skip
    augmentation: Literal["none"] = hyper(
        "none", "Augmentation", "None: the features of each image are computed once.", advanced=True
    )
    batch_norm: Literal["pretrained statistics"] = hyper(
        "pretrained statistics", "Batch norm", "A frozen trunk keeps the statistics of its pretraining.", fold=REGULAR
    )


class LinearProbe(FineTuneMethod):
    name = "linear_probe"
    order = 120
    title = "Linear probe"
    group = "Frozen features"
    searched = ("weight_decay", "learning_rate")
    idea = "Keep the pretrained features as they are and train only the last layer."
    paper = "Alain & Bengio 2016, Understanding intermediate layers using linear classifier probes, arXiv 1610.01644"
    Hyperparameters = LinearProbeHyperparameters
    presets = {"Usual values": {}, "Hardly regularised": {"weight_decay": 1e-4}}

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        return {block: self.row(rate=float(block == HEAD)) for block in blocks}
