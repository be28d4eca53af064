"""A map of a set's images: which are shown, what one or two networks see in them, and where that puts them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.artifacts.weights import trunk_weights
from engine.bench.features import FeatureKind, embedded
from engine.data.labelled_set import LabelledSet
from engine.errors import DataError
from engine.events import Preparing
from engine.experiment import Experiment
from engine.maps.eye import Eye
from engine.maps.plane import Places, directions, layout, nearest, principal, turned

Ids = NDArray[np.int64]
MOST, LEAST = 5_000, 3
PLACING = "Putting neighbours together"


@dataclass(frozen=True, eq=False)
class Mapped:
    """ids: of the images, ascending. By network, one or two: points [n, d], unit vectors; flat: places by principal
    components, with the share of the variance in `explained`; near: places with neighbours together, as far as they are
    known. Of two, the second is turned to lie on the first. done: nothing more is computed."""

    fingerprint: str
    ids: Ids
    eyes: tuple[Eye, ...]
    points: tuple[Places, ...]
    flat: tuple[Places, ...]
    explained: tuple[float, ...]
    near: tuple[Places, ...] = ()
    done: bool = False

    def neighbours(self, place: int, eye: int, count: int) -> tuple[Ids, NDArray[np.float32]]:
        """(places in `ids`, distances) of the images nearest to one among those shown, by all that a network sees."""
        return nearest(self.points[eye], place, count)


def shown(count: int, first: Ids, most: int = MOST) -> Ids:
    """Which of a set's images are shown, ascending: all, or `most` drawn at random, those of `first` before others; the
    same every time."""
    if count <= most:
        return np.arange(count, dtype=np.int64)
    draws = np.random.default_rng(0)
    wanted = first[(first >= 0) & (first < count)]
    rest = np.setdiff1d(np.arange(count, dtype=np.int64), wanted)
    return np.sort(np.concatenate([draws.permutation(wanted), draws.permutation(rest)])[:most])


def mapped(data: LabelledSet, ids: Ids, eyes: Sequence[Eye], runs: Path) -> Generator[Preparing | Mapped, None, None]:
    """`Preparing` while the images are looked at, then the map as far as it is, time after time; close it to give up.

    runs: the folder of saved runs, beside which features are kept. Raises `ExperimentError` where the weights or the
    images cannot be had, or there are too few.
    """
    if len(ids) < LEAST:
        raise DataError(f"A map takes {LEAST} examples, and there are {len(ids)}.", "Choose a larger set.")
    for eye in eyes[1:]:  # told before the first one has looked for minutes
        if eye.choice.weights != "random":
            trunk_weights(eye.choice, runs)
    points = []
    for number, eye in enumerate(eyes):
        kind = FeatureKind.of(Experiment(backbone=eye.choice, seed=eye.seed), runs)
        looking = embedded(data, ids, kind)
        try:
            while True:
                said = next(looking)
                yield Preparing(f"{eye.title} looks at {len(ids):,} examples", _share(said, number, len(eyes)))
        except StopIteration as end:
            points.append(directions(end.value))
    yield from _placed(data.fingerprint, ids, tuple(eyes), tuple(points))


def _share(said: Preparing, number: int, total: int) -> float:
    return (number + (said.fraction or 0.0)) / total


def _placed(
    fingerprint: str, ids: Ids, eyes: tuple[Eye, ...], points: tuple[Places, ...]
) -> Generator[Preparing | Mapped, None, None]:
    flat, explained = zip(*map(principal, points), strict=True)
    flat = (flat[0], *(turned(places, flat[0]) for places in flat[1:]))
    found = Mapped(fingerprint, ids, eyes, points, flat, explained)
    yield found
    near: tuple[Places, ...] = ()
    for number, one in enumerate(points):
        placing = layout(one, near[0] if near else flat[0])
        try:
            while True:
                share, places = next(placing)
                yield Preparing(PLACING, (number + share) / len(points))
                if not near:  # of two networks the first is watched
                    yield replace(found, near=(places,))
        except StopIteration as end:
            near = (*near, turned(end.value, near[0]) if near else end.value)
    yield replace(found, near=near, done=True)
