"""Folds of cross-validation over the labelled training images. Torch-free; no other image is ever looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidExperiment

Positions = NDArray[np.int64]
FEW_LABELS = 5  # up to so many images per class one image is left out at a time
MOST_LEFT_OUT = 60  # fits per setting; above it one image of every class is left out at once


@dataclass(frozen=True, eq=False)
class Fold:
    """Positions in the training set, int64, ascending: to learn from and to be judged on."""

    train: Positions
    held_out: Positions


@dataclass(frozen=True, eq=False)
class Folds:
    """description: how the images were divided, in words."""

    parts: tuple[Fold, ...]
    description: str

    def __len__(self) -> int:
        return len(self.parts)


def divide(labels: Positions, class_names: Sequence[str], folds: int, seed: int) -> Folds:
    """Divide training images with these labels [n] (0 .. classes - 1) so that each is held out exactly once.

    Stratified folds; with at most five images per class leave-one-out, or, where that would be more than 60 fits, as
    many folds as the smallest class has images. Raises `InvalidExperiment` naming a class that has too few images.
    """
    number, words = plan(np.bincount(labels, minlength=len(class_names)), class_names, folds)
    return Folds(_one_by_one(labels) if number == len(labels) else _stratified(labels, number, seed), words)


def plan(counts: Sequence[int] | Positions, class_names: Sequence[str], folds: int) -> tuple[int, str]:
    """(number of folds, in words) for so many training images in each class; raises `InvalidExperiment`."""
    images, least, most = int(np.sum(counts)), int(np.min(counts)), int(np.max(counts))
    smallest = class_names[int(np.argmin(counts))]
    if least < 2:
        raise _alone(smallest, least)
    if most > FEW_LABELS:
        if least < folds:
            raise _fold_without(smallest, least, folds)
        return folds, f"{folds} stratified folds of the training images"
    if images <= MOST_LEFT_OUT:
        return images, f"leave-one-out over {images} training images"
    words = (
        f"{least} folds, each leaving one image per class out "
        f"(leaving out one image at a time would mean {images} fits per setting)"
    )
    return least, words


def _one_by_one(labels: Positions) -> tuple[Fold, ...]:
    every = np.arange(len(labels), dtype=np.int64)
    return tuple(Fold(np.delete(every, place), every[place : place + 1]) for place in every)


def _stratified(labels: Positions, folds: int, seed: int) -> tuple[Fold, ...]:
    from sklearn.model_selection import StratifiedKFold

    divided = StratifiedKFold(folds, shuffle=True, random_state=seed).split(np.zeros(len(labels)), labels)
    return tuple(Fold(train.astype(np.int64), held_out.astype(np.int64)) for train, held_out in divided)


def _alone(name: str, count: int) -> InvalidExperiment:
    return InvalidExperiment(
        f"“{name}” has {count or 'no'} training image{'' if count == 1 else 's'}; cross-validation needs two of every "
        "class, one to learn from and one to be judged on.",
        "Use more labels per class, or switch the search off.", "search",
    )  # fmt: skip


def _fold_without(name: str, count: int, folds: int) -> InvalidExperiment:
    return InvalidExperiment(
        f"“{name}” has {count} training images, so that some of the {folds} folds would be without that class.",
        f"Search with at most {count} folds, or add images of that class.", "search",
    )  # fmt: skip
