"""The word pieces of a text encoder that a person brought, by the package tokenizers and its tokenizer.json."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import NotHere
from engine.machine.places import weights_home
from engine.texts import minilm

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PREFIX = "bert:"  # how the names of such encoders begin that are built here
HUB = "hub:"  # and of those of the library transformers
LYING = "file:"  # how the names of tokenizer files begin that are used where they lie


def file_of(name: str) -> Path:
    """Where the tokenizer.json of this encoder is kept, or lies."""
    if name.startswith(LYING):
        return Path(name.removeprefix(LYING))
    return weights_home() / "encoders" / f"{name.partition(':')[2]}.pieces"


def pieces_of(given: str) -> int:
    """How many numbers the word pieces of a tokenizer.json's text have; raises `ValueError` where it is none, `NotHere`
    where what reads it is not installed."""
    if find_spec("tokenizers") is None:
        raise NotHere(
            "Word pieces need a package that is not installed.", f'Install it (pip install "{minilm.EXTRA}").',
            "backbone",
        )  # fmt: skip
    try:
        return int(minilm.of_text(given).get_vocab_size())
    except Exception as error:  # noqa: BLE001 - its library raises nothing narrower
        raise ValueError(str(error)) from None


def cutting(name: str) -> Callable[[Sequence[str], int], list[NDArray[np.int32]]]:
    """As `engine.texts.minilm.cut`, for the encoder of this name. Raises `NotHere`."""
    return partial(_cut, name)


def ahead(name: str) -> int:
    """How far the numbers of an encoder's pieces lie above its tokenizer's: 0 of one from a hub may be a piece."""
    return int(name.startswith(HUB))


def stamp(name: str) -> int:
    """Another where the word pieces of this name are others now; 0 where they are not here."""
    try:
        return file_of(name).stat().st_mtime_ns
    except OSError:
        return 0


def opened(name: str) -> Tokenizer:
    """Of the encoder of this name. Raises `NotHere`."""
    file = file_of(name)
    if not file.is_file():
        raise NotHere(
            f"The word pieces of {name} are not on this machine.", "Add its folder again, or choose another backbone.",
            "backbone",
        )  # fmt: skip
    return _opened(file, file.stat().st_mtime_ns)


def _cut(name: str, texts: Sequence[str], most: int) -> list[NDArray[np.int32]]:
    found = minilm.rows(opened(name), texts, most)
    return [row + ahead(name) for row in found]


@lru_cache(maxsize=8)
def _opened(file: Path, changed: int) -> Tokenizer:
    return minilm.of_text(file.read_text(encoding="utf-8"))
