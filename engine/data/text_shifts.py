"""Shifts of texts: typing errors, case, dropped words, no punctuation, few words.

Typing errors are those that people make (Belinkov and Bisk 2018, Synthetic and Natural Noise Both Break Neural Machine
Translation, arXiv 1711.02173): two letters in the wrong order, a letter left out, the key beside it. A more severe
shift is the same one and more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from engine.experiment import Shift, ShiftKind

SEED = 12
TYPOS = (0.02, 0.05, 0.1, 0.15, 0.25)  # share of the letters
CASE = (0.2, 0.4, 0.6, 0.8, 1.0)  # share of the words in capitals
DROPPED = (0.1, 0.2, 0.3, 0.4, 0.5)  # share of the words
WORDS = (16, 10, 6, 4, 2)  # that are left
KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
BESIDE = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2] for row in KEYS for place, key in enumerate(row)
}
SIGN = re.compile(r"[^\w\s]|_")


def shifted_text(text: str, shift: Shift, seed_id: int) -> str:
    """The shifted text. seed_id: its number in its data set: the same text gets the same errors whenever it is asked
    for. A shift of images or of labels leaves it as it is."""
    change = CHANGES.get(shift.kind)
    return text if change is None else change(text, shift.severity - 1, np.random.default_rng([SEED, seed_id]))


def _typed(text: str, level: int, draws: np.random.Generator) -> str:
    letters, wrong, kind = list(text), draws.random(len(text)), draws.random(len(text))
    for place, letter in enumerate(text):
        if letter.isalpha() and wrong[place] < TYPOS[level]:
            _mistype(letters, place, kind[place])
    return "".join(letters)


def _mistype(letters: list[str], place: int, kind: float) -> None:
    """A third each: before the next letter, left out, the key beside it (or left out where none is known)."""
    after = letters[place + 1] if place + 1 < len(letters) else ""
    beside = BESIDE.get(letters[place].lower(), "")
    if kind < 1 / 3 and after.isalpha():
        letters[place], letters[place + 1] = after, letters[place]
    elif kind > 2 / 3 and beside:
        key = beside[int(3 * (kind - 2 / 3) * len(beside)) % len(beside)]
        letters[place] = key.upper() if letters[place].isupper() else key
    else:
        letters[place] = ""


def _loud(text: str, level: int, draws: np.random.Generator) -> str:
    words = _parts(text)
    chosen = draws.random(len(words)) < CASE[level]
    return "".join(word.upper() if loud else word for word, loud in zip(words, chosen, strict=True))


def _thinned(text: str, level: int, draws: np.random.Generator) -> str:
    words = text.split()
    odds = draws.random(len(words))
    kept = [word for word, odd in zip(words, odds, strict=True) if odd >= DROPPED[level]]
    return " ".join(kept or words[int(odds.argmax()) : int(odds.argmax()) + 1]) if words else ""


def _parts(text: str) -> list[str]:
    """Words and what stands between them."""
    return re.split(r"(\s+)", text)


CHANGES: dict[ShiftKind, Callable[[str, int, np.random.Generator], str]] = {
    "typos": _typed, "case": _loud, "dropped words": _thinned,
    "no punctuation": lambda text, level, draws: " ".join(SIGN.sub(" ", text).split()),
    "cut": lambda text, level, draws: " ".join(text.split()[: WORDS[level]]),
}  # fmt: skip
