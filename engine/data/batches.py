"""Ordinary minibatches: how an epoch is cut into them, and those over all training classes for methods that learn from
them instead of from episodes. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.data.episodes import EpisodeSampler


def cuts(count: int, size: int) -> list[slice]:
    """Where `count` images are cut into batches of `size`. A single image that is left joins the batch before it: batch
    norm can do nothing with one, and it would move the weights as much as a whole batch does."""
    ends = [*range(0, count - (size > 1), size)][1:]
    return [slice(begin, end) for begin, end in pairwise([0, *ends, count])]


@dataclass(frozen=True, eq=False)
class Batch:
    """Images to learn from together. images: int64 [n], image indices; labels: int64 [n] in 0..classes-1; turns: int8
    [n], quarter turns counter-clockwise given to each image. classes: of all training classes together."""

    images: NDArray[np.int64]
    labels: NDArray[np.int64]
    turns: NDArray[np.int8]
    classes: int


class BatchSampler:
    """Draws minibatches of `size` images, each image of the training classes as likely as any other; where the
    episodes turn their classes, each turn of a class is a class here too.

    kinds: int64 [classes of the data], the class that a class really is, where the same ones come back in every group
    (forest in each region); then the labels are those, and `classes` counts them.
    """

    def __init__(self, labels: NDArray[np.int64], episodes: EpisodeSampler, size: int,
                 kinds: NDArray[np.int64] | None = None) -> None:  # fmt: skip
        self.size = size
        self._turns = 4 if episodes.rotations else 1
        self._images = np.flatnonzero(np.isin(labels, episodes.classes)).astype(np.int64)
        meant = labels[self._images] if kinds is None else kinds[labels[self._images]]
        known, self._labels = np.unique(meant, return_inverse=True)
        self._count = len(known)

    @property
    def classes(self) -> int:
        """Classes that are told apart, turned ones included."""
        return self._count * self._turns

    def sample(self, rng: np.random.Generator) -> Batch:
        places = rng.integers(0, len(self._images), self.size)
        turns = rng.integers(0, self._turns, self.size)
        labels = self._labels[places] + turns * self._count
        return Batch(self._images[places], labels.astype(np.int64), turns.astype(np.int8), self.classes)
