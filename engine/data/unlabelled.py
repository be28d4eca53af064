"""How images or texts without labels are divided: all are learnt from, but for a few to look at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.labelled_set import LabelledSet
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice

LOOKED_AT = 500  # images that are set aside, at most
SOURCE = "source half"


def set_aside(data: LabelledSet, choice: DatasetChoice) -> tuple[NDArray[np.int64], NDArray[np.int64], str]:
    """(images to learn from, images to look at, both int64 ascending; in words): 5 % and at most 500 are looked at, for
    without labels nothing can be tested. Raises `InvalidExperiment` for what only labels have a place for."""
    what = data.what
    if choice.classes is not None:
        words = f"{what.capitalize()} without labels have no classes to choose."
        raise InvalidExperiment(words, "Use all classes.", "dataset")
    if choice.leave_out is not None:
        words = f"{what.capitalize()} without labels have no test {what} that copies could be left out of."
        raise InvalidExperiment(words, "Keep the copies.", "dataset")
    order = np.random.default_rng([choice.split_seed, 18]).permutation(len(data)).astype(np.int64)
    if choice.part is not None:
        order = np.array_split(order, 2)[0 if choice.part == SOURCE else 1]
    count = min(LOOKED_AT, len(order) // 20, choice.validation_per_class or LOOKED_AT)
    words = f"without labels, {data.said(count)} set aside to look at" if count else "without labels, all learnt from"
    words += f", of the {choice.part}" if choice.part else ""
    return np.sort(order[count:]), np.sort(order[:count]), words
