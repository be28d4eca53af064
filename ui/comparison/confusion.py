"""A side's confusion matrix, the mean over its seeds, and the images in which two sides differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.comparison.class_change import FoundShares
from engine.data.labelled_set import as_counted
from engine.events import Evaluated
from engine.metrics import TESTED
from ui.comparison.sides import Side
from ui.exploring.confusion_matrix import MOST_CLASSES


@dataclass(frozen=True, eq=False)
class Mistakes:
    """A side's confusion matrix. counts: float64 [classes, classes], row = true class, mean over its seeds.

    ids, truth, predicted: int64 [seeds x images], one entry per test image and seed. data, tested: stand for the set
    that the ids are of, and for the test images; "" where they are not known.
    """

    title: str
    names: tuple[str, ...]
    counts: np.ndarray
    ids: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray
    seeds: int
    data: str = ""
    tested: str = ""

    def images(self, true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Ids of the test images of these classes taken for those, int64, in any seed, each once."""
        return np.unique(self.ids[np.isin(self.truth, true) & np.isin(self.predicted, predicted)])

    @cached_property
    def found(self) -> FoundShares:
        """Of each image how many of the seeds get it right."""
        return FoundShares.of(self.ids, self.truth, self.predicted)


def mistakes(side: Side) -> Mistakes | None:
    """Build the matrix from the side's test predictions; None when they were not kept (episodes, or not tested)."""
    if not (kept := _kept(side)):
        return None
    size = len(kept[0].class_names)
    truth = np.concatenate([np.asarray(result.truth, np.int64) for result in kept])
    predicted = np.concatenate([np.asarray(result.predicted, np.int64) for result in kept])
    ids = np.concatenate([np.asarray(result.ids, np.int64) for result in kept])
    counts = np.bincount(truth * size + predicted, minlength=size * size).reshape(size, size) / len(kept)
    data, tested = (str(kept[0].conditions.get(key, "")) for key in ("data", TESTED))
    return Mistakes(side.title, kept[0].class_names, counts, ids, truth, predicted, len(kept), data, tested)


def _kept(side: Side) -> list[Evaluated]:
    """The figures of a side that kept predictions; none where these are over other classes."""
    kept = [result for _, result in side.tested if result.predicted is not None and result.class_names]
    return kept if len({as_counted(result.class_names) for result in kept}) < 2 else []


def share_classes(first: Side, second: Side) -> bool:
    """True when both kept predictions over the same classes, few enough to draw: no matrix is made to find out."""
    a, b = ([result.class_names for result in _kept(side)[:1]] for side in (first, second))
    return bool(a) and bool(b) and as_counted(a[0]) == as_counted(b[0]) and len(a[0]) <= MOST_CLASSES


def only_first_right(first: Mistakes, second: Mistakes) -> np.ndarray:
    """Ids of the images the first side gets right with every seed and the second wrong with every seed, int64."""
    right_first = np.setdiff1d(first.ids, first.ids[first.truth != first.predicted])
    wrong_second = np.setdiff1d(second.ids, second.ids[second.truth == second.predicted])
    return np.intersect1d(right_first, wrong_second)


def as_numbered_by(one: Mistakes, other: Mistakes) -> Mistakes:
    """The other with the ids that its images have in the set of the one; without images where these are others."""
    if one.data == other.data:
        return other
    ids, theirs = np.unique(one.ids), np.unique(other.ids)
    if not one.tested or one.tested != other.tested or len(ids) != len(theirs):
        none = np.zeros(0, np.int64)
        return replace(other, ids=none, truth=none, predicted=none)
    return replace(other, ids=ids[np.searchsorted(theirs, other.ids)])
