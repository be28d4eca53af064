"""One head at one label count: its test accuracy over draws, and its cross-validated accuracy beside it. Torch-free."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from engine.bench.draws import LabelCount, draw
from engine.data.examples import members
from engine.heads.head import Features, Head, Texts, prepared

Ids = NDArray[np.int64]
FOLDED_DRAWS = 3  # draws that are cross-validated: each costs as many fits as it has folds
FOLDS = 5


@dataclass(frozen=True, eq=False)
class FeaturePart:
    """Features [n, d], labels int64 [n] in 0 .. classes - 1, and ids int64 [n] of some images, or of texts [n]."""

    features: NDArray[np.float32]
    labels: Ids
    ids: Ids
    texts: Texts | None = None

    def at(self, places: Ids) -> FeaturePart:
        texts = None if self.texts is None else self.texts[places]
        return FeaturePart(self.features[places], self.labels[places], self.ids[places], texts)

    def given(self, head: Head) -> Features:
        """What this head learns from and is asked about: the features, or the texts instead."""
        return cast(Features, self.texts) if head.of_texts else self.features


@dataclass(frozen=True, eq=False)
class Benched:
    """What is measured on: training images to draw from, test images, names of the classes. strata: class ids in the
    data set of the training images, int64 [n], by which they are drawn."""

    train: FeaturePart
    test: FeaturePart
    class_names: tuple[str, ...]
    strata: Ids

    @property
    def classes(self) -> int:
        return len(self.class_names)

    def labelled(self, count: LabelCount, seed: int, number: int) -> FeaturePart:
        """The training images that carry a label in this draw."""
        return self.train.at(draw(self.train.ids, self.strata, count, seed, number))


@dataclass
class HeadCell:
    """One head at one count, filled draw by draw: it always holds whole draws. predicted: classes int64 [n] of the test
    images, of draw 0. tuned: the head with the settings of draw 0. folding: how the labelled images were divided, in
    words."""

    head: Head
    count: LabelCount
    tuned: Head | None = None
    accuracies: list[float] = field(default_factory=list)
    fold_accuracies: list[float] = field(default_factory=list)
    predicted: Ids | None = None
    folding: str = ""

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.accuracies)) if self.accuracies else math.nan

    @property
    def folds(self) -> float:
        """Cross-validated accuracy, NaN where no image can be left out."""
        return float(np.mean(self.fold_accuracies)) if self.fold_accuracies else math.nan

    def state(self) -> dict[str, Any]:
        settings = {} if self.tuned is None else vars(self.tuned)
        return {
            "accuracies": self.accuracies, "folds": self.fold_accuracies, "predicted": self.predicted,
            "folding": self.folding, "settings": settings,
        }  # fmt: skip

    def load_state(self, state: Mapping[str, Any]) -> None:
        self.accuracies, self.fold_accuracies, self.folding = state["accuracies"], state["folds"], state["folding"]
        if state["predicted"] is not None:
            self.predicted, self.tuned = np.asarray(state["predicted"]), copy(self.head)
            vars(self.tuned).update(state["settings"])


def measuring(cell: HeadCell, on: Benched, seed: int, repeats: int) -> Iterator[None]:
    """Fill the cell with the draws that it lacks; stops in between at each fit, so that the caller can say so or give
    up."""
    for number in range(len(cell.accuracies), 1 if cell.count.same else repeats):
        labelled = on.labelled(cell.count, seed, number)
        tuned, predicted = yield from _fitted(cell.head, labelled, on.test, on.classes, seed)
        if number < FOLDED_DRAWS:
            yield from _cross_validate(cell, labelled, on, seed)
        cell.accuracies.append(float((predicted == on.test.labels).mean()))
        if number == 0:
            cell.tuned, cell.predicted = tuned, predicted


def _cross_validate(cell: HeadCell, labelled: FeaturePart, on: Benched, seed: int) -> Iterator[None]:
    """The head's settings are chosen anew in each fold, without the images that judge them."""
    held_out, cell.folding = folds_of(labelled.labels, on.classes, seed)
    if not held_out:
        return
    right = 0
    for places in held_out:
        learnt, judged = labelled.at(np.setdiff1d(np.arange(len(labelled.labels)), places)), labelled.at(places)
        yield
        _, answer = yield from _fitted(cell.head, learnt, judged, on.classes, seed)
        right += int((answer == judged.labels).sum())
    cell.fold_accuracies.append(right / len(labelled.labels))


def _fitted(
    head: Head, learnt: FeaturePart, judged: FeaturePart, classes: int, seed: int
) -> Generator[None, None, tuple[Head, Ids]]:
    """The head with its settings chosen, and the classes it gives to what it is judged by."""
    prepare = prepared(head, learnt.given(head))
    features = prepare(learnt.given(head))
    tuned = head.tuned(features, learnt.labels, classes, seed)
    yield
    answer = tuned.fit(features, learnt.labels, classes)(prepare(judged.given(head))).argmax(1)
    yield
    return tuned, answer


def folds_of(labels: Ids, classes: int, seed: int) -> tuple[list[Ids], str]:
    """(positions held out in each fold, how it was done in words); nothing when a class has one image only.

    Five stratified folds; up to five labels per class leave-one-out in its stratified form, one image of every class
    at a time. Leaving out a single image would hold its class alone back: with two labels ridge regression then got
    28 % of digits right in validation and 70 % of the test images.
    """
    tally = np.bincount(labels, minlength=classes)
    least, most = int(tally.min()), int(tally.max())
    if least < 2:
        return [], ""
    count = min(FOLDS, least)
    fold = np.empty(len(labels), np.int64)
    for label, places in enumerate(members(labels, np.arange(classes))):
        shuffled = np.random.default_rng([seed, 10, label]).permutation(places)
        fold[shuffled] = np.arange(len(shuffled)) % count
    words = "leave-one-out, one of every class at a time" if most == count else f"{count} stratified folds"
    return [np.flatnonzero(fold == number) for number in range(count)], words


def best(cells: list[HeadCell]) -> HeadCell:
    """The head to choose at the largest count: the best in cross-validation, of equals the simpler one; what asks
    no network where there is no other.

    Where nothing could be cross-validated the first head is taken; test figures never choose.
    """
    filled = [cell for cell in cells if cell.accuracies]
    found = [cell for cell in filled if not cell.head.instead] or filled
    largest = max(cell.count.position for cell in found)
    there = [cell for cell in found if cell.count.position == largest]
    return max(there, key=lambda cell: -1.0 if math.isnan(cell.folds) else cell.folds)
