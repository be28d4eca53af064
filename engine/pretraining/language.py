"""What small language models share: an answer over all words, and what two know that learnt nothing. Torch-free."""

from __future__ import annotations

from math import log
from typing import ClassVar

from engine.pretraining.method import REBUILD, TextPretrainMethod
from engine.pretraining.pool import Pool
from engine.texts.alphabet import alphabet, frequencies, unigram_entropy


class LanguageMethod(TextPretrainMethod):
    """firsts: whether words are asked for that nothing comes before."""

    group = REBUILD
    presets = {"Usual values": {}, "Small language model": {"epochs": 20}}
    firsts: ClassVar[bool] = True

    @property
    def passes(self) -> tuple[int, int]:
        return 1, 0

    def collapsed(self, pool: Pool) -> float:
        """Of who knows nothing but how frequent each word is."""
        known = alphabet(pool.tokenizer, pool.texts)
        return unigram_entropy(frequencies(pool.tokenizer, pool.texts, pool.size, known, self.firsts))

    def ignorant(self, pool: Pool) -> float:
        """The logarithm of the vocabulary."""
        return log(alphabet(pool.tokenizer, pool.texts).numbers)
