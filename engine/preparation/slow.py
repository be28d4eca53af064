"""Says once in a run that its images come slowly: a drive that answers late holds up the training."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from engine.data.examples import Examples
from engine.data.images import Form
from engine.machine.memory import remark

SLOW = 0.5  # seconds an image, read several at a time
WORDS = "The images of {title} come slowly, and training waits for them. A copy on a drive of this machine is faster."


def read(data: Examples, ids: NDArray[np.int64], form: Form, said: list[str]) -> NDArray[np.uint8]:
    """As `data.read`; said: the remarks of the run that they are read for."""
    begun = time.monotonic()
    found = data.read(ids, form)
    if time.monotonic() - begun > SLOW * max(1, len(ids)):
        remark(said, WORDS.format(title=data.title))
    return found
