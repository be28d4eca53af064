"""From scratch: random weights, everything trained on the target images alone.

The baseline every transfer has to beat. With enough labels and easy classes it does as well.
"""

from __future__ import annotations

from engine.methods.base import FineTuneHyperparameters, FineTuneMethod, hyper


class ScratchHyperparameters(FineTuneHyperparameters):
    epochs: int = hyper(80, "Epochs", "How often every training image is seen.", low=1, high=2000)


class FromScratch(FineTuneMethod):
    name = "scratch"
    title = "From scratch"
    idea = "Start from random weights and train everything: what the images can teach without any transfer."
    paper = "Baseline; He et al. 2019, Rethinking ImageNet Pre-training, arXiv 1811.08883"
    uses_pretrained = False
    Hyperparameters = ScratchHyperparameters
    presets = {"Usual values": {}, "Quick look": {"epochs": 20}}

    def groups(self, blocks: tuple[str, ...], epoch: int) -> dict[str, float]:
        return dict.fromkeys(blocks, self.hyperparameters.learning_rate)
