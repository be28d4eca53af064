"""Which words of a text an answer hangs on: how much less likely it becomes without each of them.

Leaving out one part after the other (Zeiler and Fergus 2014; of words Li, Monroe and Jurafsky 2016, arXiv 1612.08220).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.labelled_set import Form
from engine.texts.tokens import lengths, tokens
from engine.using.answerer import Answerer
from engine.using.where_it_looked import odds

WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:['’]\w+)?|[^\w\s]")
MOST = 64  # parts that are left out, one after the other: of longer texts some words together
HOW = "by leaving out one word after the other"
TOGETHER = "by leaving out {} words at a time"
CAUTION = (
    "Roughly what this one answer hangs on. It is no proof of why: words may count together, and without one the rest "
    "may be no sentence."
)
Span = tuple[int, int]  # first letter, and the one behind the last


@dataclass(frozen=True, eq=False)
class WordHeat:
    """heat: float32 [spans], from 0 to 1 for the part that the most hangs on; all 0 where nothing spoke for the class.
    how: it was found. seen: letters of the text that the network reads; what follows is cut off."""

    spans: tuple[Span, ...]
    heat: NDArray[np.float32]
    how: str
    seen: int


@torch.no_grad()
def heat_of_words(network: Answerer, text: str, place: int) -> WordHeat:
    """Of this class, by the fall of its log odds; torch computes what `network` is asked."""
    words = read_words(text, network.form)
    size = -(-len(words) // MOST) or 1
    parts = [words[start : start + size] for start in range(0, len(words), size)]
    end = words[-1][1] if words else 0
    shown = [text[:end], *(text[: part[0][0]] + text[part[-1][1] : end] for part in parts)]
    rows = torch.from_numpy(tokens(network.form.tokenizer, shown, network.form.size))
    found = odds(network.logits(rows), place).float().cpu().numpy()
    fell = np.clip(found[0] - found[1:], 0, None)
    largest = fell.max(initial=0.0)
    heat = (fell / largest if largest > 0 else fell).astype(np.float32)
    spans = tuple((part[0][0], part[-1][1]) for part in parts)
    return WordHeat(spans, heat, HOW if size == 1 else TOGETHER.format(size), end)


def read_words(text: str, form: Form) -> list[Span]:
    """Words and signs up to where the network stops reading, so that leaving one out lets none in."""
    words = [one.span() for one in WORD.finditer(text)][: form.size]

    def pieces(count: int) -> int:
        return int(lengths(form.tokenizer, [text[: words[count - 1][1]]])[0])

    return words[: bisect_right(range(1, len(words) + 1), form.size, key=pieces)]
