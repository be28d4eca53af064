"""LP-FT: first the last layer, then everything (Kumar et al. 2022, arXiv 2202.10054).

Stage one is a linear probe on cached features. Stage two starts from that head, with fresh optimiser state and a
lower rate, so that the features move little and are not distorted by a random head. A high rate in stage two defeats
the purpose, and so do batch statistics: the head was trained on features normalised by the pretrained ones, and with
few steps accuracy falls before it recovers, so that batch norm keeps its statistics unless asked otherwise.
"""

from __future__ import annotations

from typing import Literal

from engine.layers import HEAD, LayerRow
from engine.method import ENCODERS, REGULAR, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, Stage, of_transformers


class LPFTHyperparameters(FineTuneHyperparameters):
    probe_epochs: int = hyper(
        100, "Head epochs", "Passes over the cached features before anything else moves.", low=1, high=5000
    )
    probe_learning_rate: float = hyper(
        1e-2, "Head learning rate", "Step size while only the head is trained.", low=1e-6, high=1.0, log=True
    )
    probe_weight_decay: float = hyper(
        1.0, "Head weight decay", "Pull of the head's weights towards zero while only the head is trained.", low=0.0,
        high=10.0, log=True, fold=REGULAR,
    )  # fmt: skip
    epochs: int = hyper(20, "Epochs", "Passes over the images once everything is trained.", low=1, high=2000)
    learning_rate: float = hyper(
        1e-4, "Learning rate", "Step size once everything is trained; keep it low.", low=1e-6, high=1.0, log=True
    )
    batch_norm: Literal["pretrained statistics", "batch statistics"] = hyper(
        "pretrained statistics",
        "Batch norm once everything is trained",
        "Pretrained statistics give the head the features it was trained on; batch statistics follow the new images.",
        fold=REGULAR,
    )


class LPFT(FineTuneMethod):
    name = "lp_ft"
    order = 10
    title = "LP-FT"
    searched = ("learning_rate", "probe_weight_decay")
    idea = "Train the last layer first, then everything gently: the safe default."
    paper = (
        "Kumar et al. 2022, Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution, "
        "arXiv 2202.10054"
    )
    Hyperparameters = LPFTHyperparameters
    presets = {
        "Usual values": {},
        "Very gently": {"learning_rate": 1e-5, "epochs": 8, "batch_size": 16},
        "Quick look": {"probe_epochs": 30, "epochs": 5},
        ENCODERS: of_transformers(5e-5),
    }

    def stages(self) -> tuple[Stage, ...]:
        values = self.hyperparameters
        probe = Stage(values.probe_epochs, values.probe_learning_rate, values.probe_weight_decay)
        return probe, Stage(values.epochs, values.learning_rate, values.weight_decay)

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        later = self.row(from_epoch=self.hyperparameters.probe_epochs)
        return {block: self.row() if block == HEAD else later for block in blocks}
