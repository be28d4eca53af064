"""Next word: say which word comes next in a text, from those before it; a language model, as a lesson.

What is unusual: while it is pretrained attention looks at nothing that comes later; runs that start from its weights
read both ways again. The head over all words of the vocabulary, whose weights are the table of words itself, is thrown
away. A few thousand texts and minutes of a processor make no language model of use elsewhere: what it writes shows how
far they go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.pretraining.language import MOST_ASKED, LanguageMethod
from engine.pretraining.pool import Pool

if TYPE_CHECKING:
    from engine.backbones.backbone import Backbone
    from engine.pretraining.pretext import Pretext


class NextWords(LanguageMethod):
    name = "next_word"
    order = 490
    title = "Next word"
    idea = "Say which word comes next: a small language model that writes on."
    paper = "Bengio et al. 2003, A Neural Probabilistic Language Model, JMLR 3; Howard & Ruder 2018, arXiv 1801.06146"
    differs = (
        "Attention in place of LSTMs; of each step at most 1,024 words are asked for; a text's end is not asked for."
    )
    reads_forwards = True
    firsts = False

    def asked(self, words: float) -> float:
        return min(MOST_ASKED, words)

    def pretext(self, model: Backbone, pool: Pool) -> Pretext:
        from engine.pretraining.following import NextWord

        return NextWord(model, pool)
