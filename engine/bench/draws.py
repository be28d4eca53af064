"""Which images carry a label in a bench: how many per class, and which of them in each draw. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.examples import members
from engine.errors import InvalidExperiment

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class LabelCount:
    """labels: per class, None for all there are. position: its place on the axis, the mean of labels per class.
    same: every draw is the same, because all images are used."""

    labels: int | None
    position: int
    same: bool

    @property
    def words(self) -> str:
        """ "0 labels", "1 label", "5 labels", "all labels"."""
        return "all labels" if self.labels is None else f"{self.labels} label{'' if self.labels == 1 else 's'}"


NO_LABELS = LabelCount(0, 0, True)  # where what classes are called is all that is known of them


def plan(wanted: Sequence[int | None], labels: Ids, class_names: Sequence[str]) -> tuple[list[LabelCount], list[str]]:
    """The counts that can be met with training images of these labels [n] (0 .. classes - 1), and why the others
    cannot, in a sentence each.

    Raises `InvalidExperiment` when none can.
    """
    tally = np.bincount(labels, minlength=len(class_names))
    least, most, smallest = int(tally.min()), int(tally.max()), int(tally.argmin())
    counts = [LabelCount(k, k, k == least == most) for k in wanted if k is not None and k <= least]
    have = f"“{class_names[smallest]}” has {least} {'training example' if least == 1 else 'training examples'}"
    left = [f"{k} labels per class are left out: {have}." for k in wanted if k is not None and k > least]
    if None in wanted:
        counts = [count for count in counts if not count.same]  # the same images as all of them
        counts.append(LabelCount(None, max(1, round(len(labels) / len(class_names))), True))
    if not counts:
        raise InvalidExperiment(left[0], f"Choose at most {least} labels per class.", "dataset")
    return counts, left


def draw(ids: Ids, class_ids: Ids, count: LabelCount, seed: int, number: int) -> Ids:
    """Positions in `ids` that are labelled in draw `number`, ascending; a larger count keeps those of a smaller one.
    ids, class_ids: of the images and of their classes in the data set, int64 [n].

    Draw 0 is the one that every other method gets with this seed and so many labels per class (`engine.data.splits`).
    """
    if count.labels is None:
        return np.arange(len(ids), dtype=np.int64)
    chosen = []
    classes = np.unique(class_ids)
    for class_id, places in zip(classes.tolist(), members(class_ids, classes), strict=True):
        ordered = places[np.argsort(ids[places])]
        key = [seed, 3, class_id] if number == 0 else [seed, 9, number, class_id]
        chosen.append(np.random.default_rng(key).permutation(ordered)[: count.labels])
    return np.sort(np.concatenate(chosen)).astype(np.int64)
