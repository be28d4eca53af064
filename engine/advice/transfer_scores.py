"""How well each backbone on this machine tells a person's classes apart as it is: leave-one-out nearest neighbours.

The images are training images only; of classes with more images than a run will use, the others are looked at too,
because the question is how the weights suit the data, not how a run will do. Nothing is trained.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.advice.adviser import PIXELS, Score, start_title
from engine.backbones import catalog
from engine.backbones.info import OMNIGLOT, BackboneInfo, WeightsInfo
from engine.data.images import ImageSet
from engine.data.shifts import changes_pixels, shifted
from engine.data.sources import load
from engine.data.splits import split_images
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, Shift
from engine.heads.nearest_mean import unit
from engine.provenance.seen import met_in_classes, past

Ids = NDArray[np.int64]
MOST_IMAGES = 500
PIXEL_SIDE = 32


def candidates(data: ImageSet) -> list[tuple[BackboneInfo, WeightsInfo]]:
    """Pretrained weights that are bundled or on this machine, the smallest network first.

    Weights made from Omniglot are left out where they have seen the characters.
    """
    found = [(info, one) for info in catalog.image_backbones() for one in catalog.weights(info.name)]
    here = [pair for pair in found if pair[1].kind != "random" and pair[1].here]
    fresh = (pair for pair in here if pair[1].trained_on != OMNIGLOT or not has_met(*pair, data))
    return sorted(fresh, key=lambda pair: pair[0].parameters)


def has_met(info: BackboneInfo, weights: WeightsInfo, data: ImageSet) -> bool:
    choice = BackboneChoice(name=info.name, weights=weights.name)
    return bool(met_in_classes(past(choice, None), data, np.arange(len(data.class_names))))


def transfer_scores(choice: DatasetChoice, runs: Path) -> Iterator[Preparing | Score]:
    """The score of raw pixels, then of each candidate, with `Preparing` in between; close it to give up.

    runs: the folder of saved runs, beside which features are kept. Raises `ExperimentError` when the images cannot be
    had; nothing is yielded when no class has two training images.
    """
    from engine.bench.features import FeatureKind, embedded

    data = load(choice)
    plain = choice.model_copy(update={"labels_per_class": None})
    ids = sample(split_images(data, plain, 0).train, data.labels, choice.split_seed)
    if not len(ids):
        return
    labels, k = data.labels[ids], neighbours(data.labels[ids])
    yield Preparing("Comparing the images as they are", 0.0)
    yield Score(PIXELS, "", "Raw pixels", 0, leave_one_out(pixels(data, ids, choice.shift), labels, k), k)
    local = candidates(data)
    for place, (info, weights) in enumerate(local):
        backbone = catalog.as_pretrained(BackboneChoice(name=info.name, weights=weights.name))
        kind = FeatureKind.of(Experiment(backbone=backbone), runs, choice.shift)
        features = yield from progress(embedded(data, ids, kind), info.title, place, len(local))
        right = leave_one_out(features, labels, k)
        title = start_title(info.name, weights.name)
        yield Score(info.name, weights.name, title, info.parameters, right, k)


def progress(
    work: Generator[Preparing, None, np.ndarray], title: str, place: int, total: int
) -> Generator[Preparing, None, np.ndarray]:
    """The steps of one network as part of all of them."""
    while True:
        try:
            said = next(work)
        except StopIteration as end:
            return end.value
        yield Preparing(f"Measuring {title}", (place + (said.fraction or 0.0)) / total)


def sample(train: Ids, labels: NDArray[np.int64], seed: int) -> Ids:
    """At most 500 training images, as many of each class as can be and at least two; classes of one are left out."""
    rng = np.random.default_rng([seed, 12])
    members = [rng.permutation(train[labels[train] == one]) for one in np.unique(labels[train])]
    members = [ids for ids in members if len(ids) >= 2]
    if len(members) > MOST_IMAGES // 2:
        members = [members[place] for place in rng.permutation(len(members))[: MOST_IMAGES // 2]]
    each = max(2, MOST_IMAGES // max(1, len(members)))
    return np.sort(np.concatenate([ids[:each] for ids in members])) if members else np.zeros(0, np.int64)


def neighbours(labels: NDArray[np.int64]) -> int:
    """k: 1 below five images in the smallest class, 3 below fifteen, else 5."""
    least = int(np.unique(labels, return_counts=True)[1].min())
    return 1 if least < 5 else 3 if least < 15 else 5


def pixels(data: ImageSet, ids: Ids, shift: Shift | None) -> NDArray[np.float64]:
    """float64 [n, values]: the images themselves, made small, without any network."""
    seen = data.pixels(ids, min(PIXEL_SIDE, *data.typical_size), data.channels)
    if changes_pixels(shift):
        seen = shifted(seen, shift, ids)
    return seen.reshape(len(ids), -1) / 255.0


def leave_one_out(features: np.ndarray, labels: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """bool [n]: whether the k nearest other images vote for the image's own class.

    Nearness is the cosine after the mean of all images is taken off; a vote weighs as much as its nearness.
    """
    directions = unit(np.asarray(features, np.float64) - features.mean(0))
    near = directions @ directions.T
    np.fill_diagonal(near, -np.inf)
    closest = np.argpartition(-near, k - 1, axis=1)[:, :k] if k < len(near) - 1 else np.argsort(-near, axis=1)[:, :k]
    classes, places = np.unique(labels, return_inverse=True)
    votes = np.zeros((len(near), len(classes)))
    rows = np.repeat(np.arange(len(near)), closest.shape[1])
    weights = 1.0 + np.take_along_axis(near, closest, 1).ravel()
    np.add.at(votes, (rows, places[closest].ravel()), weights)
    return votes.argmax(1) == places
