"""The training images or texts that a run's network finds most alike to one: their features lie in the run's folder."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.artifacts.saved import SavedModel, tested_file
from engine.comparison.wording import count
from engine.events import Preparing
from engine.heads.nearest_mean import unit
from engine.machine.files import replacing
from engine.using.calibration import digest_of
from engine.using.own_images import own_images, passed

FILE = "nearest.npz"
MOST_IMAGES, MOST_BYTES = 10_000, 64 * 2**20  # of a gallery: of more images so many are drawn
LOOKING = "Looking at the training {}"
Features = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class NearImage:
    """A training image. id: in the run's data set. name: as that calls it, such as "glass/glass12.jpg". class_name: its
    label. likeness: cosine of the two images' features, at most 1."""

    id: int
    name: str
    class_name: str
    likeness: float


@dataclass(frozen=True, eq=False)
class Gallery:
    """features: float16 [n, d], unit vectors. names, classes: of each image. total: training images that there are, of
    which these n were drawn at random where they are more than fit. what: they are, in words."""

    features: NDArray[np.float16]
    ids: NDArray[np.int64]
    names: tuple[str, ...]
    classes: tuple[str, ...]
    total: int
    what: str = "images"

    def __len__(self) -> int:
        return len(self.ids)

    def nearest(self, features: Features, count: int = 5) -> list[tuple[NearImage, ...]]:
        """Of each image [m, d] so many training images, the most alike first; equal ones in the order of the set."""
        alike = unit(np.asarray(features, np.float32)) @ self.features.astype(np.float32).T
        order = np.argsort(-alike, axis=1, kind="stable")[:, :count]
        return [
            tuple(self._near(place, row[place]) for place in places) for row, places in zip(alike, order, strict=True)
        ]

    def _near(self, place: int, likeness: float) -> NearImage:
        return NearImage(int(self.ids[place]), self.names[place], self.classes[place], min(1.0, float(likeness)))

    @property
    def words(self) -> str:
        """ "of 1,263 training images", "of 10,000 training texts drawn from 98,000"."""
        drawn = f" drawn from {self.total:,}" if len(self) < self.total else ""
        return f"of {count(len(self), self.what, 'training ')}{drawn}"


def gallery(model: SavedModel, folder: Path) -> Generator[Preparing, None, Gallery]:
    """Yields `Preparing`, returns the run's own training images as its network sees them: read from its folder, or
    looked at and kept there. Raises `InvalidExperiment` for a meta-learner, `ExperimentError` where the images cannot
    be had."""
    model.refuse_tasks()
    weights = digest_of(tested_file(folder, model.method))
    found = read(folder / FILE, weights)
    if found is not None:
        return replace(found, what=model.what)
    material = yield from own_images(model, folder)
    most = min(MOST_IMAGES, MOST_BYTES // (2 * model.network.features))
    seen = yield from passed(model, material.train, most, LOOKING.format(model.what))
    names = tuple(material.data.image_name(int(place)) for place in seen.ids)
    classes = tuple(material.class_names[label] for label in seen.labels)
    found = Gallery(unit(seen.features).astype(np.float16), seen.ids, names, classes, len(material.train), model.what)
    with suppress(OSError):  # a disk that is full keeps none: they are looked at again
        write(found, folder / FILE, weights)
    return found


def write(found: Gallery, file: Path, weights: str) -> None:
    """Raises OSError."""
    names, classes, total = np.array(found.names), np.array(found.classes), np.int64(found.total)
    with replacing(file, shared=True) as part, part.open("wb") as body:
        np.savez(
            body, features=found.features, ids=found.ids, names=names, classes=classes, total=total,
            weights=np.array(weights),
        )  # fmt: skip


def read(file: Path, weights: str) -> Gallery | None:
    """What was written of these weights; None where nothing was, or it is damaged."""
    try:
        with file.open("rb") as body, np.load(body, allow_pickle=False) as kept:
            if str(kept["weights"]) != weights:
                return None
            names, classes = (tuple(map(str, kept[key])) for key in ("names", "classes"))
            found = Gallery(kept["features"], kept["ids"], names, classes, int(kept["total"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return found if len(found.features) == len(found.ids) == len(found.names) == len(found.classes) else None
