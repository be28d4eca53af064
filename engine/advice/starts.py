"""All scores of every start there is on a person's images: which would help, as far as that can be said beforehand.

The images are those that the adviser's nearest neighbours looked at, and so are the features, which are kept.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.advice.adviser import start_title
from engine.advice.transfer_scores import candidates, progress, sampled
from engine.backbones import catalog
from engine.data.labelled_set import LabelledSet
from engine.errors import ExperimentError
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from engine.provenance.seen import RUN, images_met, past
from engine.transferability.neighbours import leave_one_out, neighbours
from engine.transferability.table import KNN, of_features, of_source

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class StartingPoint:
    """Weights that a training can start from. title: as a person calls them. parameters: of the network."""

    choice: BackboneChoice
    title: str
    parameters: int


@dataclass(frozen=True)
class StartScores:
    """values: by the score's name, the larger the better; those of a source head only where there is one. fault: why
    there are none. images: how many were looked at."""

    start: StartingPoint
    values: Mapping[str, float] = field(default_factory=dict)
    images: int = 0
    fault: str = ""


def local_starts(data: LabelledSet) -> list[StartingPoint]:
    """Pretrained weights on this machine, the smallest network first."""
    pairs = candidates(data)
    return [
        StartingPoint(
            catalog.as_pretrained(BackboneChoice(name=info.name, weights=one.name)),
            start_title(info.name, one.name),
            info.parameters,
        )
        for info, one in pairs
    ]


def start_scores(
    choice: DatasetChoice, runs: Path, own: Sequence[StartingPoint] = ()
) -> Iterator[Preparing | StartScores]:
    """The scores of each start on this machine, then of a person's own runs, with `Preparing` in between.

    runs: the folder of saved runs. Runs that have learnt from one of the images are left out. Raises `ExperimentError`
    when the images cannot be had; nothing is yielded when no class has two training images.
    """
    data, ids = sampled(choice)
    if not len(ids):
        return
    fresh = [start for start in own if not has_learnt_from(start, data, ids, runs)]
    starts = [*local_starts(data), *fresh]
    for place, start in enumerate(starts):
        yield Preparing(f"Measuring {start.title}", place / len(starts))
        try:
            values = yield from progress(values_of(start, data, ids, choice, runs), start.title, place, len(starts))
        except ExperimentError as fault:
            yield StartScores(start, fault=str(fault))
        else:
            yield StartScores(start, values, len(ids))


def has_learnt_from(start: StartingPoint, data: LabelledSet, ids: Ids, runs: Path) -> bool:
    """Whether a run learnt from any of these images, or it is not known what it learnt from."""
    if not start.choice.weights.startswith(RUN):
        return False
    before = past(start.choice, runs)
    return bool(before.unknown) or bool(np.isin(data.contents[ids], images_met(before)).any())


def values_of(
    start: StartingPoint, data: LabelledSet, ids: Ids, choice: DatasetChoice, runs: Path
) -> Generator[Preparing, None, dict[str, float]]:
    from engine.bench.features import FeatureKind, answered, embedded

    kind = FeatureKind.of(Experiment(backbone=start.choice), runs, choice.shift)
    labels = data.labels[ids]
    features = yield from embedded(data, ids, kind)
    values = {KNN: float(leave_one_out(features, labels, neighbours(labels)).mean())}
    yield Preparing("Comparing its features")
    values |= of_features(features, labels)
    said = yield from answered(data, ids, kind)
    return values if said is None else values | of_source(said, labels)
