"""Folds of cross-validation over the labelled training images. Torch-free; no other image is ever looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidExperiment

Positions = NDArray[np.int64]
ONE_OF_EACH = "leave-one-out, one example of every class at a time"
FEW_LABELS = 5  # up to so many images per class one image of every class is left out at a time


@dataclass(frozen=True, eq=False)
class TrainingFold:
    """Positions in the training set, int64, ascending: to learn from and to be judged on."""

    train: Positions
    held_out: Positions


@dataclass(frozen=True, eq=False)
class Folds:
    """description: how the images were divided, in words."""

    parts: tuple[TrainingFold, ...]
    description: str

    def __len__(self) -> int:
        return len(self.parts)


def divide(labels: Positions, class_names: Sequence[str], folds: int, seed: int) -> Folds:
    """Divide training images with these labels [n] (0 .. classes - 1) so that each is held out exactly once.

    Raises `InvalidExperiment` naming a class that has too few images.
    """
    from sklearn.model_selection import StratifiedKFold

    number, words = plan(np.bincount(labels, minlength=len(class_names)), class_names, folds)
    divided = StratifiedKFold(number, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels)
    parts = tuple(TrainingFold(train.astype(np.int64), held_out.astype(np.int64)) for train, held_out in divided)
    return Folds(parts, words)


def plan(counts: Sequence[int] | Positions, class_names: Sequence[str], folds: int) -> tuple[int, str]:
    """(number of folds, in words) for so many training images in each class; raises `InvalidExperiment`.

    Stratified folds; with at most five images per class as many as the smallest class has, so that one image of every
    class is left out at a time. A single one left out would hold its class alone back in the fit that judges it: ridge
    regression then got 28 % of digits right in validation and 70 % of the test images.
    """
    least, most = int(np.min(counts)), int(np.max(counts))
    smallest = class_names[int(np.argmin(counts))]
    if least < 2:
        raise InvalidExperiment(
            f"“{smallest}” has {least or 'no'} training example{'' if least == 1 else 's'}; cross-validation needs two "
            "of every class, one to learn from and one to be judged on.",
            "Use more labels per class, or switch the search off.", "search",
        )  # fmt: skip
    if most <= FEW_LABELS:
        return least, ONE_OF_EACH if least == most else f"{least} stratified folds of the training examples"
    if least < folds:
        raise InvalidExperiment(
            f"“{smallest}” has {least} training examples, so some of the {folds} folds would be without that class.",
            f"Search with at most {least} folds, or add examples of that class.", "search",
        )  # fmt: skip
    return folds, f"{folds} stratified folds of the training examples"


def for_labels(labels: int | None, folds: int) -> tuple[int, str]:
    """What `plan` gives where every class has so many labels (None: all of many), to be shown before the data are
    read; raises `InvalidExperiment`."""
    return plan([labels or max(folds, FEW_LABELS + 1)], ("Each class",), folds)
