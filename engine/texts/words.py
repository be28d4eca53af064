"""Words and signs as numbers without a vocabulary: each is hashed, so that any language has them.

Weinberger et al. 2009, arXiv 0902.2206. Two words share a number once in 32,767 times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

NUMBERS = 2**15  # with 0, which is padding
WORD = re.compile(r"\w+|[^\w\s\x00-\x1f\x7f]")


def cut(texts: Sequence[str], most: int) -> list[NDArray[np.int32]]:
    """Of each text the numbers 1 .. 32,767 of its first words, at most so many; none of an empty text."""
    return [_numbers(text, most) for text in texts]


def _numbers(text: str, most: int) -> NDArray[np.int32]:
    found = (one.group() for one in WORD.finditer(text.lower()))
    return np.fromiter((number(word) for word, _ in zip(found, range(most), strict=False)), np.int32)


@lru_cache(maxsize=2**16)
def number(word: str) -> int:
    """1 .. 32,767."""
    return 1 + crc32(word.encode()) % (NUMBERS - 1)
