"""Which classes get better and which worse from one side to another, image by image of the same test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from engine.comparison.crossed import holm

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class ClassChange:
    """place: in the classes. n: test images of the class. before, after: share of them that is found, the mean over
    seeds. better, worse: images that the second side finds with more, with fewer of its seeds than the first. p: of
    sides that are alike, two-sided, corrected for all classes that are told together."""

    place: int
    name: str
    n: int
    before: float
    after: float
    better: int
    worse: int
    p: float

    @property
    def change(self) -> float:
        """As a share: 0.05 is 5 points."""
        return self.after - self.before

    @property
    def sure(self) -> bool:
        """Whether it is more than the luck of these images."""
        return self.p < LEVEL


@dataclass(frozen=True, eq=False)
class FoundShares:
    """Of each test image by its id, in order: int64 [n]; its class int64 [n]; share of the seeds that are right [n]."""

    ids: np.ndarray
    truth: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, ids: np.ndarray, truth: np.ndarray, predicted: np.ndarray) -> FoundShares:
        """int64 [seeds x images] each, one entry per test image and seed."""
        images, first, place = np.unique(ids, return_index=True, return_inverse=True)
        tested = np.bincount(place, minlength=len(images))
        right = np.bincount(place, np.asarray(truth == predicted, np.float64), minlength=len(images))
        return cls(images, truth[first], right / np.maximum(tested, 1))


def class_changes(first: FoundShares, second: FoundShares, names: Sequence[str]) -> list[ClassChange]:
    """Over the images that both were tested on, of the classes that have one; nothing where they share none."""
    _, one, other = np.intersect1d(first.ids, second.ids, assume_unique=True, return_indices=True)
    truth, before, after = first.truth[one], first.right[one], second.right[other]
    size = len(names)
    n = np.bincount(truth, minlength=size)
    means = [np.bincount(truth, values, minlength=size) / np.maximum(n, 1) for values in (before, after)]
    won, lost = (np.bincount(truth[which], minlength=size) for which in (after > before, after < before))
    places = [int(place) for place in np.flatnonzero(n)]
    ps = holm([sign_test(int(won[place]), int(lost[place])) for place in places])
    return [
        ClassChange(
            place, names[place], int(n[place]), float(means[0][place]), float(means[1][place]), int(won[place]),
            int(lost[place]), p,
        )
        for place, p in zip(places, ps, strict=True)
    ]  # fmt: skip


def sign_test(won: int, lost: int) -> float:
    """Two-sided p of so uneven a split, or a more uneven one, by the toss of a coin (of one seed it is McNemar's exact
    test); 1 without an image."""
    total = won + lost
    tail = sum(comb(total, count) for count in range(min(won, lost) + 1))
    return min(1.0, 2 * tail / 2**total)
