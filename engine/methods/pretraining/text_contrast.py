"""Contrast of dropouts: a text that is read twice, losing other values each time, is to find itself among others.

What is unusual: nothing is changed in the text, for a changed word may change what it says; two views differ by what
the network loses alone. Texts that stand twice in a batch are wrong for each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log
from typing import TYPE_CHECKING, Any

from engine.method import hyper
from engine.pretraining.method import COMPARE, SENTENCES_GOING_ON, TextHyperparameters, TextPretrainMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class TextContrastHyperparameters(TextHyperparameters):
    learning_rate: float = hyper(
        1e-3, "Learning rate",
        "Step size of AdamW at its peak, after the warm-up; usually 3e-6 where an encoder of sentences is gone on "
        "from, which forgets what it knows at 3e-5, the rate for a plain BERT.",
        low=1e-6, high=0.1, log=True,
    )  # fmt: skip
    temperature: float = hyper(
        0.05, "Temperature", "The lower, the more the nearest wrong texts count.", low=0.01, high=2.0, log=True
    )
    dropout: float = hyper(0.1, "Dropout", "Share of values that each view loses.", low=0.0, high=0.9, off=0)


class TextContrast(TextPretrainMethod):
    name = "text_contrast"
    order = 470
    title = "Contrast of texts"
    group = COMPARE
    idea = "A text read twice, with other values lost each time, is to find itself among all others."
    paper = "Gao et al. 2021, SimCSE: Simple Contrastive Learning of Sentence Embeddings, arXiv 2104.08821"
    differs = "The mean of the pieces, without a head; no values are lost of what attention weighs by."
    Hyperparameters = TextContrastHyperparameters
    presets = {"Usual values": {}}

    @classmethod
    def usual(cls, trained: bool) -> Mapping[str, Any]:
        """A tenth of what Gao et al. give a plain BERT: an encoder that compares sentences already loses 25 points on
        CLINC150 by theirs, with one label a class, and gains half a point by this, with ten (BENCHMARKS)."""
        return {**super().usual(trained), "learning_rate": SENTENCES_GOING_ON} if trained else {}

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.dropped import DropoutContrast

        return DropoutContrast(self.hyperparameters.dropout, self.hyperparameters.temperature)

    def remarks(self, pool: Pool, characters: bool) -> Iterator[str]:
        yield from super().remarks(pool, characters)
        if not self.hyperparameters.dropout:
            yield "Without dropout both views of a text are the same, so that it only learns to tell texts apart."

    def collapsed(self, pool: Pool) -> float:
        return log(pool.batch)
