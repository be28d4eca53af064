"""Full fine-tuning: pretrained blocks, a new random head, everything trained at one rate from the first step.

What is unusual: the random head sends noisy gradients into good features at first, which costs accuracy when labels
are few and out of distribution (Kumar et al. 2022); LP-FT is the remedy.
"""

from __future__ import annotations

from engine.layers import LayerRow
from engine.method import ENCODERS
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, of_transformers


class FullFineTuning(FineTuneMethod):
    name = "full_ft"
    order = 20
    title = "Full fine-tuning"
    idea = "Put a new head on pretrained weights and train everything together."
    paper = "Yosinski et al. 2014, How transferable are features in deep neural networks?, arXiv 1411.1792"
    Hyperparameters = FineTuneHyperparameters
    presets = {
        "Usual values": {},
        "Smaller rate": {"learning_rate": 1e-4, "epochs": 80},
        ENCODERS: of_transformers(5e-5, head=20.0),
    }

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        return dict.fromkeys(blocks, self.row())
