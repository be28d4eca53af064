"""Two families of error: what a person can mend (`ExperimentError`) and bugs (the rest, with a traceback)."""

from __future__ import annotations

import difflib
import errno
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")
LONGEST = 80  # letters of a value that a sentence repeats
LONGEST_PATH = 300
LONGEST_SENTENCE = 600
_VALUE = re.compile(r"“[^”]*”|\(given: .*?\)(?=[.,]|$)|[^\s“”()]+", re.DOTALL)


def shown(value: object) -> str:
    """A value as a sentence may repeat it: its first letters, on one line."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def shortened(sentence: str) -> str:
    """The sentence with every value, word and quotation in it, and itself, cut to a length that can be read."""
    short = _VALUE.sub(_cut, sentence)
    return short if len(short) <= LONGEST_SENTENCE else f"{short[:LONGEST_SENTENCE]}…"


def _cut(found: re.Match[str]) -> str:
    text = found.group()
    most = LONGEST_PATH if "/" in text or "\\" in text else LONGEST
    if len(text) <= most + 2:
        return text
    return f"{text[:most]}…{text[-1] if text[-1] in '”)' else ''}"


OUT_OF_MEMORY = (  # Windows; Linux, twice; CUDA, MPS; NumPy; cuBLAS and cuDNN; C++; a library to load
    "not enough memory", "can't allocate memory", "cannot allocate memory", "out of memory", "unable to allocate",
    "alloc_failed", "bad_alloc", "bad allocation", "failed to allocate", "could not allocate",
    "failed to map segment",
)  # fmt: skip


class ExperimentError(Exception):
    """Something the person or the machine can mend.

    message: one sentence that says what is wrong. advice: one sentence that says what to do.
    """

    def __init__(self, message: str, advice: str = "") -> None:
        self.message, self.advice = shortened(message), shortened(advice)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class InvalidExperiment(ExperimentError):
    """The experiment itself asks for something impossible. `field` names the input it belongs to, e.g. "dataset"."""

    def __init__(self, message: str, advice: str = "", field: str = "") -> None:
        super().__init__(message, advice)
        self.field = field


class NotHere(InvalidExperiment):
    """Something that the experiment needs is not on this machine; on another it may be."""


class DataError(ExperimentError):
    """The data set cannot be read or used as asked."""


class WeightsError(ExperimentError):
    """Pretrained weights are missing, unreadable or of another architecture."""


class DownloadError(ExperimentError):
    """A file could not be fetched, or what came is not that file."""


class StorageError(ExperimentError):
    """The workspace or its database cannot be opened or written."""


class DatabaseHeld(StorageError):
    """Another program is writing just now; most often the next try works."""


class RunTaken(StorageError):
    """A run cannot be put in line: it is in one already, here or in another program, or has come to its end."""


class Diverged(ExperimentError):
    """The loss is no longer a number."""


class Cancelled(Exception):
    """Raised inside a long preparation when the person asked to stop; never shown as an error."""


def mendable(error: Exception) -> Exception:
    """The error, or what a person can do where it says that there is not enough memory."""
    if isinstance(error, ExperimentError) or not is_out_of_memory(error):
        return error
    told = ExperimentError(
        "There was not enough memory for this.", "Close other programs, or choose smaller images or a smaller batch."
    )
    told.__cause__ = error
    return told


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says, in any library's words, that there is not enough memory."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in words for sign in OUT_OF_MEMORY)


def cause_of(error: BaseException) -> str:
    """ "disk" or "memory" where it came about for want of either, in any library's words; else ""."""
    while True:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "no space left" in str(error).lower():
            return "disk"
        if is_out_of_memory(error):
            return "memory"
        if error.__cause__ is None:
            return ""
        error = error.__cause__


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice for a misspelt name: the nearest one if there is one, and all of them."""
    names = list(known)
    if not names:
        return "There is none to choose."
    close = difflib.get_close_matches(name, names, 1)
    hint = f"Did you mean “{close[0]}”? " if close else ""
    return f"{hint}Choose one of: {', '.join(names)}."


def called(name: str, known: Mapping[str, T], what: str, field: str = "") -> T:
    """The one of this name; raises `InvalidExperiment` with the nearest spelling. what: in words, and the field where
    that has no other name."""
    if name not in known:
        raise InvalidExperiment(f"There is no {what} called “{name}”.", nearest(name, known), field or what)
    return known[name]
