"""SetFit: the trunk learns from pairs which texts belong together, then the head learns on what it gives.

Pairs are drawn as they are needed, half of them of one class: their cosine is to be 1, and 0 of two classes. A sentence
encoder learns a class from a handful of texts so; it suits images as well. Authors' values: 2e-5, 16 pairs a step.
What differs: an epoch draws one pair to each text, where theirs lists up to all pairs; the head is trained by steps.
"""

from __future__ import annotations

from engine.layers import HEAD, WORD_PIECES, LayerRow
from engine.method import ENCODERS, REGULAR, SCHEDULE, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, Stage
from engine.tuning.schedules import Schedule


class SetFitHyperparameters(FineTuneHyperparameters):
    pair_epochs: int = hyper(
        20, "Pair epochs", "Passes in which each example is paired with another.", low=1, high=2000
    )
    pair_learning_rate: float = hyper(
        2e-5, "Pair learning rate", "Step size while pairs are learnt from.", low=1e-7, high=1.0, log=True
    )
    epochs: int = hyper(100, "Head epochs", "Passes over the features once the trunk stays.", low=1, high=5000)
    learning_rate: float = hyper(
        1e-2, "Head learning rate", "Step size while the head is trained.", low=1e-6, high=1.0, log=True
    )
    batch_size: int = hyper(16, "Batch size", "Pairs per step, and examples per step of the head.", low=1, high=1024)
    weight_decay: float = hyper(
        1.0, "Head weight decay", "Pull of the head's weights towards zero.", low=0.0, high=10.0, log=True, fold=REGULAR
    )
    schedule: Schedule = hyper(
        "slanted triangular", "Schedule", "How the rate goes in each of the two stages: shortly up, then down.",
        fold=SCHEDULE,
    )  # fmt: skip


class SetFit(FineTuneMethod):
    name = "setfit"
    order = 15
    title = "SetFit"
    searched = ("pair_learning_rate", "pair_epochs")
    idea = "Learn from pairs what belongs together, then train the head: for a few labels a class."
    paper = "Tunstall et al. 2022, Efficient Few-Shot Learning Without Prompts, arXiv 2209.11055"
    Hyperparameters = SetFitHyperparameters
    presets = {
        "Usual values": {}, "Images": {"pair_learning_rate": 1e-4, "batch_size": 32},
        ENCODERS: {"layers": {WORD_PIECES: {"rate": 0.0}}},
    }  # fmt: skip

    def stages(self) -> tuple[Stage, ...]:
        values = self.hyperparameters
        pairs = Stage(values.pair_epochs, values.pair_learning_rate, 0.0, in_pairs=True)
        return pairs, Stage(values.epochs, values.learning_rate, values.weight_decay)

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        head = self.row(from_epoch=self.hyperparameters.pair_epochs)
        return {block: head if block == HEAD else self.row() for block in blocks}

    def takes_part(self, block: str, stage: Stage) -> bool:
        """The trunk at first, then the head alone."""
        return (block == HEAD) != stage.in_pairs
