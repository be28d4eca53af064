"""BitFit: only biases and the scale and shift of normalisation learn, with a new head (Ben Zaken et al. 2021).

The variant "norms" trains scale and shift of the normalisation layers alone (Frankle et al. 2020, arXiv 2003.00152).
What is saved is small; the time of a step hardly is, because gradients still run through every block.
"""

from __future__ import annotations

from typing import Literal

from engine.layers import HEAD, BatchNorm, LayerRow
from engine.method import ENCODERS, hyper
from engine.tuning.method import PRETRAINED_STATISTICS, FineTuneHyperparameters, FineTuneMethod, of_transformers


class BitFitHyperparameters(FineTuneHyperparameters):
    which: Literal["biases and norms", "norms"] = hyper(
        "biases and norms", "What learns", "Biases with scale and shift of normalisation, or the latter alone."
    )
    learning_rate: float = hyper(
        1e-2, "Learning rate", "Step size at its peak; few parameters bear a larger one.", low=1e-6, high=1.0, log=True
    )
    batch_norm: BatchNorm = PRETRAINED_STATISTICS


class BitFit(FineTuneMethod):
    name = "bitfit"
    order = 100
    title = "Biases and norms"
    group = "Few parameters"
    idea = "Train only biases, normalisation and the new head: a hundredth of the weights."
    paper = "Ben Zaken et al. 2021, BitFit, arXiv 2106.10199; Frankle et al. 2020, arXiv 2003.00152"
    Hyperparameters = BitFitHyperparameters
    presets = {"Usual values": {}, "Batch norm only": {"which": "norms"}, ENCODERS: of_transformers(1e-3)}

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        which = self.hyperparameters.which
        return {block: self.row() if block == HEAD else self.row(trains=which) for block in blocks}
