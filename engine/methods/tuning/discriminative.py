"""Discriminative rates: each earlier block learns more slowly (Howard & Ruder 2018, ULMFiT, arXiv 1801.06146).

The head learns at the full rate, the block before it at 1/2.6 of it, and so on towards the input. The factor is meant
per block of layers, not per layer: twelve steps of 2.6 would freeze the first one (2.6 ** 12 is about 95,000).
"""

from __future__ import annotations

from engine.layers import LayerRow
from engine.method import ENCODERS, SCHEDULE, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, of_transformers
from engine.tuning.schedules import Schedule


class DiscriminativeHyperparameters(FineTuneHyperparameters):
    factor: float = hyper(2.6, "Factor", "How many times slower each earlier block learns.", low=1.0, high=100.0)
    schedule: Schedule = hyper(
        "slanted triangular", "Schedule", "How the rate goes over the epochs; the paper's goes up shortly, then down.",
        fold=SCHEDULE,
    )  # fmt: skip


class DiscriminativeRates(FineTuneMethod):
    name = "discriminative"
    order = 30
    title = "Discriminative rates"
    idea = "Train everything, but each earlier block more slowly: early features need the least change."
    paper = "Howard & Ruder 2018, Universal Language Model Fine-tuning for Text Classification, arXiv 1801.06146"
    Hyperparameters = DiscriminativeHyperparameters
    searched = ("learning_rate", "factor")
    presets = {
        "Paper's factor": {}, "Gentler steps": {"factor": 1.5}, ENCODERS: of_transformers(1e-4, head=10.0),
    }  # fmt: skip

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        last = len(blocks) - 1
        factor = self.hyperparameters.factor
        return {block: self.row(rate=factor ** (place - last)) for place, block in enumerate(blocks)}
