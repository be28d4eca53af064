"""How well each backbone on this machine tells a person's classes apart as it is: leave-one-out nearest neighbours.

The images are training images only; of classes with more images than a run will use, the others are looked at too,
because the question is how the weights suit the data, not how a run will do. Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.advice.adviser import PIXELS, Score, start_title
from engine.backbones import catalog
from engine.backbones.info import OMNIGLOT, BackboneInfo, WeightsInfo
from engine.data.images import images_of
from engine.data.labelled_set import LabelledSet
from engine.data.shifts import changes_pixels, shifted
from engine.data.sources import load
from engine.data.splits import split_images
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, Shift
from engine.preparation.shrunk import SIDE
from engine.provenance.seen import met_in_classes, past
from engine.transferability.neighbours import leave_one_out, neighbours

T = TypeVar("T")
Ids = NDArray[np.int64]
MOST_IMAGES = 500


def candidates(data: LabelledSet) -> list[tuple[BackboneInfo, WeightsInfo]]:
    """Pretrained weights that are bundled or on this machine, the smallest network first.

    Weights made from Omniglot are left out where they have seen the characters.
    """
    found = [(info, one) for info in catalog.image_backbones() for one in catalog.weights(info.name)]
    here = [pair for pair in found if pair[1].kind != "random" and pair[1].here]
    fresh = (pair for pair in here if pair[1].trained_on != OMNIGLOT or not has_met(*pair, data))
    return sorted(fresh, key=lambda pair: pair[0].parameters)


def has_met(info: BackboneInfo, weights: WeightsInfo, data: LabelledSet) -> bool:
    choice = BackboneChoice(name=info.name, weights=weights.name)
    return bool(met_in_classes(past(choice, None), data, np.arange(len(data.class_names))))


def transfer_scores(choice: DatasetChoice, runs: Path) -> Iterator[Preparing | Score]:
    """The score of raw pixels, then of each candidate, with `Preparing` in between; close it to give up.

    runs: the folder of saved runs, beside which features are kept. Raises `ExperimentError` when the images cannot be
    had; nothing is yielded when no class has two training images.
    """
    from engine.bench.features import FeatureKind, embedded

    data, ids = sampled(choice)
    if not len(ids):
        return
    labels, k = data.labels[ids], neighbours(data.labels[ids])
    yield Preparing("Comparing the data as they are", 0.0)
    yield Score(PIXELS, "", "Raw pixels", 0, leave_one_out(pixels(data, ids, choice.shift), labels, k), k)
    local = candidates(data)
    for place, (info, weights) in enumerate(local):
        backbone = catalog.as_pretrained(BackboneChoice(name=info.name, weights=weights.name))
        kind = FeatureKind.of(Experiment(backbone=backbone), runs, choice.shift)
        features = yield from progress(embedded(data, ids, kind), info.title, place, len(local))
        right = leave_one_out(features, labels, k)
        title = start_title(info.name, weights.name)
        yield Score(info.name, weights.name, title, info.parameters, right, k)


def sampled(choice: DatasetChoice, most: int = MOST_IMAGES) -> tuple[LabelledSet, Ids]:
    """The images and which of them are looked at, at most so many; raises `ExperimentError` when they cannot be had."""
    data = load(choice)
    plain = choice.model_copy(update={"labels_per_class": None})
    return data, sample(split_images(data, plain, 0).train, data.labels, choice.split_seed, most)


def progress(work: Generator[Preparing, None, T], title: str, place: int, total: int) -> Generator[Preparing, None, T]:
    """The steps of one network as part of all of them."""
    while True:
        try:
            said = next(work)
        except StopIteration as end:
            return end.value
        yield Preparing(f"Measuring {title}", (place + (said.fraction or 0.0)) / total)


def sample(train: Ids, labels: NDArray[np.int64], seed: int, most: int = MOST_IMAGES) -> Ids:
    """At most so many training images, as many of each class as can be, at least two; classes of one are left out."""
    rng = np.random.default_rng([seed, 12])
    members = [rng.permutation(train[labels[train] == one]) for one in np.unique(labels[train])]
    members = [ids for ids in members if len(ids) >= 2]
    if len(members) > most // 2:
        members = [members[place] for place in rng.permutation(len(members))[: most // 2]]
    each = max(2, most // max(1, len(members)))
    return np.sort(np.concatenate([ids[:each] for ids in members])) if members else np.zeros(0, np.int64)


def pixels(data: LabelledSet, ids: Ids, shift: Shift | None) -> NDArray[np.float64]:
    """float64 [n, values]: the images themselves, made small, without any network."""
    images = images_of(data)
    seen = images.pixels(ids, min(SIDE, *images.typical_size), images.channels)
    if changes_pixels(shift):
        seen = shifted(seen, shift, ids)
    return seen.reshape(len(ids), -1) / 255.0
