"""Gradual unfreezing: the head first, then one more block from the end after every few epochs.

Howard & Ruder 2018 (ULMFiT, arXiv 1801.06146). Newly freed blocks start with fresh optimiser state; the schedule runs
over the whole training. Lee et al. 2022 do not find it reliably better than training everything at once.
"""

from __future__ import annotations

from engine.layers import LayerRow
from engine.method import ENCODERS, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, of_transformers


class GradualHyperparameters(FineTuneHyperparameters):
    epochs_per_block: int = hyper(
        4, "Epochs per block", "After this many epochs one more block learns, from the head backwards; ULMFiT waits 1.",
        unit="epochs", low=1, high=200,
    )  # fmt: skip


class GradualUnfreezing(FineTuneMethod):
    name = "gradual"
    order = 70
    title = "Gradual unfreezing"
    group = "Some layers"
    idea = "Start with the head and free one more block every few epochs, from the end to the input."
    paper = "Howard & Ruder 2018, Universal Language Model Fine-tuning for Text Classification, arXiv 1801.06146"
    Hyperparameters = GradualHyperparameters
    presets = {
        "Usual values": {}, "Paper's values": {"epochs_per_block": 1, "schedule": "slanted triangular"},
        ENCODERS: of_transformers(5e-5, head=20.0, epochs_per_block=1),
    }  # fmt: skip

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        last = len(blocks) - 1
        wait = self.hyperparameters.epochs_per_block
        return {block: self.row(from_epoch=(last - place) * wait) for place, block in enumerate(blocks)}
