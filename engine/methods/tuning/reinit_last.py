"""Re-initialise the last blocks: they start random, everything is trained.

A comparison arm for full fine-tuning: what are the last pretrained blocks worth on these images? The random weights are
those the seed would have given without pretraining, the same for every method.
"""

from __future__ import annotations

from engine.layers import LayerRow, trunk
from engine.method import ENCODERS, hyper
from engine.tuning.method import FineTuneHyperparameters, FineTuneMethod, of_transformers


class ReinitLastHyperparameters(FineTuneHyperparameters):
    reset: int = hyper(
        1, "Blocks to reset", "How many of the last blocks start random, besides the head.", unit="blocks", low=0,
        high=12,
    )  # fmt: skip


class ReinitialiseLast(FineTuneMethod):
    name = "reinit_last"
    order = 50
    title = "Reset the last blocks"
    idea = "Forget the last pretrained blocks, then train everything: what were they worth?"
    paper = "Zhang et al. 2021, Revisiting Few-sample BERT Fine-tuning, arXiv 2006.05987"
    Hyperparameters = ReinitLastHyperparameters
    presets = {"Last block": {}, "Last two blocks": {"reset": 2}, ENCODERS: of_transformers(5e-5, head=20.0)}

    def rows(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]:
        body = trunk(blocks)
        fresh = set(body[max(0, len(body) - self.hyperparameters.reset) :])
        return {block: self.row(fresh=block in fresh) for block in blocks}
