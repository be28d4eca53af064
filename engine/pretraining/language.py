"""What small language models share: an answer over all words, and what two know that learnt nothing. Torch-free."""

from __future__ import annotations

from math import log
from typing import ClassVar

import numpy as np

from engine.method import ENCODERS
from engine.pretraining.method import REBUILD, SENTENCES_GOING_ON, TextPretrainMethod
from engine.pretraining.pool import Pool
from engine.texts.alphabet import alphabet, frequencies, unigram_entropy
from engine.texts.tokens import lengths

MOST_ASKED = 1024  # words whose answers, over the whole vocabulary, are held at a time where all are asked for


class LanguageMethod(TextPretrainMethod):
    """firsts: whether words are asked for that nothing comes before."""

    group = REBUILD
    presets = {
        "Usual values": {}, "Small language model": {"epochs": 20}, ENCODERS: {"learning_rate": SENTENCES_GOING_ON},
    }  # fmt: skip
    firsts: ClassVar[bool] = True

    @property
    def passes(self) -> tuple[int, int]:
        return 1, 0

    def collapsed(self, pool: Pool) -> float:
        """Of who knows nothing but how frequent each word is."""
        known = alphabet(pool.tokenizer, pool.texts)
        return unigram_entropy(frequencies(pool.tokenizer, pool.texts, pool.size, known, self.firsts))

    def asked(self, words: float) -> float:
        """Of so many words of a step how many are asked for."""
        raise TypeError(f"{type(self).__name__} does not say how many words it asks for")

    def answers(self, pool: Pool) -> int:
        """One for each word of the vocabulary and word that is asked for."""
        mean = float(np.mean(np.minimum(lengths(pool.tokenizer, pool.texts), pool.size))) if pool.texts else 0.0
        return round(self.asked(pool.batch * mean)) * alphabet(pool.tokenizer, pool.texts).numbers

    def ignorant(self, pool: Pool) -> float:
        """The logarithm of the vocabulary."""
        return log(alphabet(pool.tokenizer, pool.texts).numbers)
