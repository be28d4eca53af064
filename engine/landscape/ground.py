"""The images that every point is measured on: the same ones for all, some to train and some to test."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from engine.data.shifts import changes_pixels
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import DataError, InvalidExperiment
from engine.events import Preparing
from engine.experiment import DatasetChoice
from engine.landscape.corners import Corner, own_weights
from engine.preparation.inputs import Labelled
from engine.provenance.seen import Digests, images_met, past
from engine.tuning.material import Material, Reading
from engine.using.own_images import drawn, own_images

USUAL, LEAST = 256, 2  # images of each kind; batch norm can do nothing with one

Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ground:
    """train: images that a corner learnt from, in mixed order. test: images that every corner is tested on and none
    learnt from, nor a run before whose weights it began with. of: how many there are of each, of which these were drawn
    at random, the same every time. several: the training images are those of several runs, which learnt from others.
    data: fingerprint of the set."""

    train: Labelled
    test: Labelled
    of: tuple[int, int]
    several: bool
    data: str

    @property
    def words(self) -> str:
        """ "256 of 1,263 training images and 256 of 758 test images"."""
        kinds = ("training examples of any of these runs" if self.several else "training examples", "test examples")
        parts = zip((len(self.train), len(self.test)), self.of, kinds, strict=True)
        return " and ".join(f"{f'{n:,} of ' if n < of else ''}{of:,} {kind}" for n, of, kind in parts)


def ground(corners: Sequence[Corner], most: int = USUAL) -> Generator[Preparing, None, Ground]:
    """Yields `Preparing`, returns at most so many images of each kind. Raises `ExperimentError` where the runs are of
    other data, or no image is left that none of them learnt from."""
    first = corners[0]
    material = yield from own_images(first.model, first.folder)
    parts = [(material.split.train, material.split.test)]
    for other in corners[1:]:
        parts.append(_parts(material, first, other))
    train = reduce(np.union1d, (part for part, _ in parts))
    test = reduce(np.intersect1d, (part for _, part in parts))
    test = test[~np.isin(material.data.contents[test], _met(corners))]
    if min(len(train), len(test)) < LEAST:
        raise DataError(
            "There are too few examples that every one of these runs is tested on and none of them learnt from.",
            "Choose runs with the same split seed.",
        )
    reading = Reading(
        material.data, material.split.classes, first.model.reader.form, first.model.reader.device,
        first.model.experiment.dataset.split_seed,
    )  # fmt: skip
    several = any(not np.array_equal(np.sort(part), train) for part, _ in parts)
    kept = [reading.labelled(sample(ids, most), material.shift) for ids in (train, test)]
    return Ground(kept[0], kept[1], (len(train), len(test)), several, material.data.fingerprint)


def _met(corners: Sequence[Corner]) -> Digests:
    """Digests of all images that the corners' weights have met, in the runs themselves and in those before."""
    return np.concatenate([images_met(past(own_weights(one), one.folder.parent)) for one in corners])


def sample(ids: Ids, most: int) -> Ids:
    """At most so many of them, the same every time, mixed: batch norm wants no batch of one class."""
    return ids[np.random.default_rng(0).permutation(drawn(len(ids), most))]


def _parts(material: Material, first: Corner, other: Corner) -> tuple[Ids, Ids]:
    """The images that another corner learnt from, and those that it is tested on, in the data of the first; raises
    `InvalidExperiment` where they are of another set."""
    mine, choice = first.model.experiment.dataset, other.model.experiment.dataset
    if choice.shift != mine.shift:
        raise _of_others(first, other, "their data are shifted otherwise")
    if mine.shift is not None and not changes_pixels(mine.shift) and choice.split_seed != mine.split_seed:
        raise _of_others(first, other, "other classes have exchanged their names")
    data = material.data if _set_of(mine) == _set_of(choice) else load(choice)
    if data.fingerprint != material.data.fingerprint:
        raise _of_others(first, other, "they learnt from other data")
    split = split_images(data, choice, other.model.experiment.seed)
    return split.train, split.test


def _set_of(choice: DatasetChoice) -> tuple[object, ...]:
    return choice.name, choice.path, choice.listed, choice.own_values()


def _of_others(first: Corner, other: Corner, why: str) -> InvalidExperiment:
    return InvalidExperiment(
        f"“{first.title}” and “{other.title}” have no loss in common: {why}.", "Choose runs on the same data."
    )
