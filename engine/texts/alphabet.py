"""The word pieces of a tokenizer as numbers: which one hides another, which are marks, and what each is called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidExperiment
from engine.texts import minilm, own, words
from engine.texts.tokens import tokens

HIDDEN = "\x00"  # no text has it as a word, so that its number is another's once in 32,767 times
HIDING = ("[MASK]", "<mask>")
UNKNOWN = "(new)"
INSIDE = "##"  # begins what goes on within a word


@dataclass(frozen=True, slots=True, eq=False)
class Alphabet:
    """numbers: how many there are, with 0 for padding. mask: stands for a hidden piece. marks: stand for no word.
    called: number -> the piece, "(new)" where it is not known."""

    numbers: int
    mask: int
    marks: tuple[int, ...]
    called: Callable[[int], str]

    def spelled(self, row: Sequence[int], hidden: Sequence[bool] = ()) -> str:
        """A text of its numbers, without marks and padding. hidden: of each whether it is not shown."""
        gone = [*hidden] or [False] * len(row)
        parts = ["▢" if away else self.called(one) for one, away in zip(row, gone, strict=True) if one
                 and one not in self.marks]  # fmt: skip
        return " ".join(parts).replace(f" {INSIDE}", "")


def alphabet(tokenizer: str, texts: Sequence[str]) -> Alphabet:
    """texts: from which words without a vocabulary are called by their numbers. Raises `NotHere`, and
    `InvalidExperiment` where there is no piece that hides another."""
    if tokenizer == "words":
        known = {words.number(word): word for text in texts for word in words.WORD.findall(text.lower())}
        return Alphabet(words.NUMBERS, words.number(HIDDEN), (), lambda number: known.get(number, UNKNOWN))
    made = minilm.tokenizer() if tokenizer == "minilm" else own.opened(tokenizer)
    mask = next((found for one in HIDING if (found := made.token_to_id(one)) is not None), None)
    if mask is None:
        raise InvalidExperiment(
            "Its word pieces have none that stands for a hidden one.", "Choose another backbone.", "backbone"
        )
    own_marks = (number for number, one in made.get_added_tokens_decoder().items() if one.special and number != mask)
    ahead = own.ahead(tokenizer)
    marks = tuple(number + ahead for number in own_marks)
    numbers = made.get_vocab_size() + ahead
    return Alphabet(numbers, mask + ahead, marks, lambda number: made.id_to_token(number - ahead) or UNKNOWN)


def frequencies(
    tokenizer: str, texts: Sequence[str], length: int, known: Alphabet, firsts: bool = True
) -> NDArray[np.int64]:
    """int64 [numbers]: how often each piece stands in these texts, marks and padding not counted. firsts: with those
    that nothing comes before."""
    rows = tokens(tokenizer, texts, length)
    found = np.bincount((rows if firsts else rows[:, 1:]).ravel(), minlength=known.numbers)
    found[[0, *known.marks]] = 0
    return found


def unigram_entropy(counts: NDArray[np.int64]) -> float:
    """The mean cross-entropy, in nats, of who knows how frequent each piece is and nothing else."""
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(-(shares * np.log(shares)).sum())
