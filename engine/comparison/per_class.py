"""What a run makes of each class: found, missed, wrongly given, with Wilson's intervals; which are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.comparison.intervals import Interval, wilson


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """place: in the run's classes. n: its test images. right: of these, those found. given: images that were taken for
    it, rightly or not. alone: all test images are of one class."""

    place: int
    name: str
    n: int
    right: int
    given: int
    alone: bool = False

    @property
    def missed(self) -> int:
        return self.n - self.right

    @property
    def wrongly_given(self) -> int:
        return self.given - self.right

    @property
    def recall(self) -> Interval | None:
        """Of its images the share found; None without an image."""
        return wilson(self.right, self.n) if self.n else None

    @property
    def precision(self) -> Interval | None:
        """Of the images taken for it the share that is; None where none was, or none of another class could be."""
        return wilson(self.right, self.given) if self.given and not self.alone else None


def confusion(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """int64 [classes, classes]: how often the class of the row was taken for that of the column. truth, predicted:
    places in the classes [n]."""
    pairs = np.asarray(truth, np.int64) * classes + np.asarray(predicted, np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def per_class(counts: np.ndarray, names: Sequence[str]) -> list[ClassFigures]:
    """counts: as `confusion` gives them."""
    alone = len(names) > 1 and int((counts.sum(1) > 0).sum()) == 1
    sums = zip(counts.sum(1), np.diag(counts), counts.sum(0), strict=True)
    return [
        ClassFigures(place, name, int(n), int(right), int(given), alone)
        for place, (name, (n, right, given)) in enumerate(zip(names, sums, strict=True))
    ]


def confused_pairs(counts: np.ndarray, most: int) -> list[tuple[int, int, int]]:
    """(true class, the class it was taken for, how often), the most frequent first; none that never happened."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    rows, columns = np.unravel_index(order, wrong.shape)
    found = ((int(row), int(column), int(wrong[row, column])) for row, column in zip(rows, columns, strict=True))
    return [pair for pair in found if pair[2]]


def groups(counts: np.ndarray, most: int) -> list[np.ndarray]:
    """Classes as a matrix shows them, each an int64 [k]: one by one up to `most`; of more the `most` in which most is
    mistaken, in the order of the classes, then all others together."""
    size = len(counts)
    if size <= most:
        return [np.array([place]) for place in range(size)]
    wrong = counts.sum(1) + counts.sum(0) - 2 * np.diag(counts)
    chosen = np.sort(np.argsort(-wrong, kind="stable")[:most])
    return [*(np.array([place]) for place in chosen), np.setdiff1d(np.arange(size), chosen)]


def folded(counts: np.ndarray, parts: Sequence[np.ndarray]) -> np.ndarray:
    """counts [classes, classes] summed over the classes of each part: [parts, parts]."""
    part_of = np.empty(len(counts), np.int64)
    for number, places in enumerate(parts):
        part_of[places] = number
    found = np.zeros((len(parts), len(parts)), counts.dtype)
    np.add.at(found, (part_of[:, None], part_of[None, :]), counts)
    return found


@dataclass(frozen=True, eq=False)
class FoldedClasses:
    """Classes as a matrix shows them. parts: as `groups` gives them. names: of each part, "18 others" of the last."""

    parts: tuple[np.ndarray, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, counts: np.ndarray, names: Sequence[str], most: int) -> FoldedClasses:
        """most: classes that are shown one by one."""
        parts = groups(counts, most)
        said = (names[int(part[0])] if len(part) == 1 else f"{len(part)} others" for part in parts)
        return cls(tuple(parts), tuple(said))

    def counts(self, counts: np.ndarray) -> np.ndarray:
        """counts [classes, classes] as float64 [parts, parts]."""
        return folded(counts, self.parts).astype(np.float64)

    def most(self, values: np.ndarray) -> float:
        """The largest of these [parts, parts] among classes that stand alone: the others together would pale them."""
        single = sum(len(part) == 1 for part in self.parts)
        return float(np.abs(values[:single, :single]).max(initial=0.0))
