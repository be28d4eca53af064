"""From scratch: random weights, everything trained on the target images alone.

The baseline every transfer has to beat. With enough labels and easy classes it does as well.
"""

from __future__ import annotations

from engine.layers import LayerRow
from engine.method import hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod


class ScratchHyperparameters(FineTuneHyperparameters):
    epochs: int = hyper(80, "Epochs", "How often every training image is seen.", low=1, high=2000)


class FromScratch(FineTuneMethod):
    name = "scratch"
    order = 140
    title = "From scratch"
    group = "Baselines"
    idea = "Start from random weights and train everything: what the images can teach without any transfer."
    paper = "Baseline; He et al. 2019, Rethinking ImageNet Pre-training, arXiv 1811.08883"
    uses_pretrained = False
    Hyperparameters = ScratchHyperparameters
    presets = {"Usual values": {}, "Quick look": {"epochs": 20}}

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        return dict.fromkeys(blocks, self.row())
