"""Examples as rows of what a network reads, and whether they come slowly: training waits for a drive that does."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from engine.data.labelled_set import Form, LabelledSet, Rows
from engine.experiment import Shift
from engine.machine.memory import remark

SLOW = 0.5  # seconds an image, read several at a time
WORDS = "The data of {title} come slowly, and training waits for them. A copy on a drive of this machine is faster."


def row_bytes(form: Form) -> int:
    """Of one example."""
    return math.prod(form.row) * np.dtype(form.dtype).itemsize


def rows(data: LabelledSet, ids: NDArray[np.int64], form: Form, shift: Shift | None, said: list[str]) -> Rows:
    """[len(ids), *form.row], shifted if asked for. said: the remarks of the run that they are read for."""
    return as_rows(read(data, ids, form, said, shift))


def as_rows(found: Rows) -> Rows:
    """Images with their channels first, uint8 [n, s, s, c] -> [n, c, s, s]; anything else as it is."""
    return found.transpose(0, 3, 1, 2) if found.ndim == 4 else found


def read(
    data: LabelledSet, ids: NDArray[np.int64], form: Form, said: list[str], shift: Shift | None = None
) -> Rows:  # fmt: skip
    """As `data.read`; said: the remarks of the run that they are read for."""
    begun = time.monotonic()
    found = data.read(ids, form, shift)
    if time.monotonic() - begun > SLOW * max(1, len(ids)):
        remark(said, WORDS.format(title=data.title))
    return found
