"""Masked words: say which words were hidden in a text, from what stands around them.

What is unusual: a head over all words of the vocabulary, whose weights are the table of words itself, is thrown away
afterwards. MiniLM comes without the head it was pretrained with, so that its answers begin as guesses. A few thousand
texts and minutes of a processor make no language model of use elsewhere: it is a lesson in what one learns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.method import hyper
from engine.pretraining.language import LanguageMethod
from engine.pretraining.method import TextHyperparameters
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class MaskedWordsHyperparameters(TextHyperparameters):
    hidden: float = hyper(
        0.15, "Hidden", "Share of the words that are asked for: 8 of 10 are hidden, 1 is another word, 1 stays.",
        low=0.01, high=0.95,
    )  # fmt: skip


class MaskedWords(LanguageMethod):
    name = "masked_words"
    order = 480
    title = "Masked words"
    idea = "Say which words of a text were hidden: a small language model."
    paper = "Devlin et al. 2019, BERT: Pre-training of Deep Bidirectional Transformers, arXiv 1810.04805"
    differs = "Single pieces of short texts, at least one of each text; no second question about pairs of sentences."
    Hyperparameters = MaskedWordsHyperparameters

    def asked(self, words: float) -> float:
        return float(self.hyperparameters.hidden) * words

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.hiding import HiddenWords

        return HiddenWords(model, pool, self.hyperparameters.hidden)
