"""Which weights a run keeps along its way, and what they take: after epochs 1, 2, 4, 8, … of each of its stages.

Weights move most at first, so that few files show the whole path, however long it is.
"""

from __future__ import annotations

from engine.comparison.wording import count, size
from engine.tuning.method import FineTuneMethod


def kept_after(epoch: int) -> bool:
    """Whether weights are kept after this epoch of a stage, counted from 1."""
    return epoch & (epoch - 1) == 0


def kept_epochs(method: FineTuneMethod) -> list[int]:
    """The epochs of the run, counted from 1, after which they are."""
    found, first = [], 0
    for stage in method.stages():
        found += [first + epoch for epoch in range(1, stage.epochs + 1) if kept_after(epoch)]
        first += stage.epochs
    return found


def disk_words(method: FineTuneMethod, parameters: int, endless: bool) -> str:
    """What these files take. endless: no number of epochs is set."""
    one = 4 * parameters
    if endless:
        return f"Weights along the way take {size(one)} of disk each: after epochs 1, 2, 4, 8, …"
    files = len(kept_epochs(method))
    return f"Weights along the way take {size(files * one)} of disk ({count(files, 'files')})."
