"""L2-SP: everything learns, but the pretrained blocks are held to where they started (Li et al. 2018, 1802.01483).

Adds alpha/2 * |w - w0|^2 over the pretrained blocks and beta/2 * |w|^2 over the new head to the loss. No weight decay
is stacked on an anchored block, and running statistics are never anchored. beta is the weight decay of plain SGD, which
is the paper's optimiser; AdamW rescales the pull like every other gradient.
"""

from __future__ import annotations

from engine.layers import HEAD, LayerRow
from engine.method import ENCODERS, REGULAR, SCHEDULE, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, Optimiser, of_transformers


class L2SPHyperparameters(FineTuneHyperparameters):
    anchor: float = hyper(
        0.1, "Anchor", "Pull of the pretrained blocks towards their initial weights (alpha).", low=0.0, high=100.0,
        log=True,
    )  # fmt: skip
    learning_rate: float = hyper(1e-2, "Learning rate", "Step size at its peak.", low=1e-6, high=1.0, log=True)
    optimiser: Optimiser = hyper("SGD", "Optimiser", "SGD as in the paper; AdamW rescales the pull.", fold=SCHEDULE)
    weight_decay: float = hyper(
        1e-2, "Weight decay of the head", "Pull of the head towards zero (beta).", low=0.0, high=1.0, log=True,
        fold=REGULAR,
    )  # fmt: skip


class L2SP(FineTuneMethod):
    name = "l2_sp"
    order = 40
    title = "L2-SP"
    idea = "Train everything, but pull the pretrained blocks back to where they started."
    paper = "Li, Grandvalet & Davoine 2018, Explicit Inductive Bias for Transfer Learning, arXiv 1802.01483"
    Hyperparameters = L2SPHyperparameters
    searched = ("learning_rate", "anchor")
    presets = {
        "Paper's values": {}, "Loosely held": {"anchor": 1e-3}, "Tightly held": {"anchor": 1.0},
        ENCODERS: of_transformers(5e-5, head=20.0, optimiser="AdamW"),
    }  # fmt: skip

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        anchor = self.hyperparameters.anchor
        return {block: self.row(anchor=0.0 if block == HEAD else anchor) for block in blocks}
