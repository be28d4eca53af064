"""Which of labelled examples are of a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[int] | NDArray[np.int64]


def members(labels: NDArray[np.int64], classes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The places of the examples of each of these classes, int64 ascending.

    Sorted once: asking all labels anew for each class would cost classes times examples.
    """
    order = np.argsort(labels, kind="stable").astype(np.int64)
    ordered = labels[order]
    starts, ends = (np.searchsorted(ordered, classes, side=side) for side in ("left", "right"))
    return [order[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
