"""Texts as rows of numbers, each cut once and remembered. Torch-free: the window's process asks for it too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.texts import minilm, own, words

Row = NDArray[np.int32]
LONGEST = 512  # pieces that any network reads of a text
KEPT_BYTES = 128 * 2**20  # of texts and their pieces together; beyond that all are cut anew
BESIDES = 300  # bytes that Python keeps beside a text and its pieces
MOST_CHARACTERS = 2**17  # looked at of one text: of any script more than 512 pieces


def tokens(tokenizer: str, texts: Sequence[str], length: int) -> Row:
    """int32 [n, length]: numbers of the pieces, padded with 0. tokenizer: "minilm", "words", or the name of a
    person's own encoder.

    Of a longer text the first pieces are kept, and the last where it marks the end. Raises `NotHere` where the
    tokenizer is not installed.
    """
    out = np.zeros((len(texts), length), np.int32)
    for row, found in zip(out, _cut(tokenizer, texts), strict=True):
        kept = found[:length]
        row[: len(kept)] = kept
        if len(found) > length and tokenizer != "words":
            row[length - 1] = found[-1]
    return out


def lengths(tokenizer: str, texts: Sequence[str]) -> NDArray[np.int64]:
    """int64 [n]: how many pieces each text has, at most one more than any network reads."""
    return np.fromiter(map(len, _cut(tokenizer, texts)), np.int64, len(texts))


def cut_share(tokenizer: str, texts: Sequence[str], length: int) -> float:
    """Share of the texts, 0..1, that are longer than so many pieces; of no texts 0."""
    return float((lengths(tokenizer, texts) > length).mean()) if len(texts) else 0.0


class Memory:
    """What one tokenizer made of each text, for all who ask; threads may share it."""

    def __init__(self, cut: Callable[[Sequence[str], int], list[Row]]) -> None:
        self._cut, self._known, self._bytes, self._lock = cut, dict[str, Row](), 0, threading.Lock()

    def rows(self, texts: Sequence[str]) -> list[Row]:
        with self._lock:
            known = {text: self._known[text] for text in texts if text in self._known}
        fresh = list(dict.fromkeys(text for text in texts if text not in known))
        if fresh:
            known.update(zip(fresh, self._cut([plain(text) for text in fresh], LONGEST + 1), strict=True))
            self._keep({text: known[text] for text in fresh})
        return [known[text] for text in texts]

    def forget(self) -> None:
        with self._lock:
            self._known, self._bytes = {}, 0

    def _keep(self, fresh: dict[str, Row]) -> None:
        size = sum(2 * len(text) + row.nbytes + BESIDES for text, row in fresh.items())
        with self._lock:
            if self._bytes + size > KEPT_BYTES:
                self._known, self._bytes = {}, 0
            if size <= KEPT_BYTES:
                self._known.update(fresh)
                self._bytes += size


def plain(text: str) -> str:
    """What can be cut at all: halves of characters, which some files hold, are question marks."""
    return text[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


_memories = {"minilm": Memory(minilm.cut), "words": Memory(words.cut)}
_stamps: dict[str, int] = {}  # of the files that the others' pieces are made by


def forget() -> None:
    """What was cut so far is cut anew when it is asked for: whoever times it wants that."""
    for memory in _memories.values():
        memory.forget()


def _cut(tokenizer: str, texts: Sequence[str]) -> list[Row]:
    if tokenizer not in ("minilm", "words") and ((now := own.stamp(tokenizer)) != _stamps.get(tokenizer)):
        _memories[tokenizer], _stamps[tokenizer] = Memory(own.cutting(tokenizer)), now
    return _memories[tokenizer].rows(texts)
