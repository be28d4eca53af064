"""LP-FT: first the last layer, then everything (Kumar et al. 2022, arXiv 2202.10054).

Stage one is a linear probe on cached features, by steps or fitted to the end, which of a few texts told up to 6 points
more (BENCHMARKS.md) and leaves nothing to set. Stage two starts from that head, with fresh optimiser state and a
lower rate, so that the features move little and are not distorted by a random head. A high rate in stage two defeats
the purpose, and so do batch statistics: the head was trained on features normalised by the pretrained ones, and with
few steps accuracy falls before it recovers, so that batch norm keeps its statistics unless asked otherwise.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from engine.frozen import as_before
from engine.layers import HEAD, LayerRow
from engine.method import ENCODERS, REGULAR, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, Stage, of_transformers

BY_STEPS, TO_THE_END = "by steps", "to the end"
ONLY = ("probe", BY_STEPS)


class LPFTHyperparameters(FineTuneHyperparameters):
    probe: Literal["by steps", "to the end"] = hyper(
        BY_STEPS, "Head at first",
        "Trained by steps, or fitted to the end: logistic regression on features of length 1.",
    )  # fmt: skip
    probe_epochs: int = hyper(
        100, "Head epochs", "Passes over the cached features before anything else moves.", low=1, high=5000,
        only_with=ONLY,
    )  # fmt: skip
    probe_learning_rate: float = hyper(
        1e-2, "Head learning rate", "Step size while only the head is trained.", low=1e-6, high=1.0, log=True,
        only_with=ONLY,
    )  # fmt: skip
    probe_weight_decay: float = hyper(
        1.0, "Head weight decay", "Pull of the head's weights towards zero while only the head is trained.", low=0.0,
        high=10.0, log=True, fold=REGULAR, only_with=ONLY,
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

    @model_serializer(mode="wrap")
    def _as_before(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return as_before(serialise(self), {"probe": BY_STEPS})


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
        ENCODERS: of_transformers(5e-5, probe=TO_THE_END),
    }

    @property
    def _first(self) -> int:
        """Epochs of the head alone."""
        values = self.hyperparameters
        return 1 if values.probe == TO_THE_END else int(values.probe_epochs)

    def stages(self) -> tuple[Stage, ...]:
        values = self.hyperparameters
        probe = Stage(
            self._first, values.probe_learning_rate, values.probe_weight_decay, solved=values.probe == TO_THE_END
        )
        return probe, Stage(values.epochs, values.learning_rate, values.weight_decay)

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        later = self.row(from_epoch=self._first)
        return {block: self.row() if block == HEAD else later for block in blocks}
