"""The images or texts of a saved run, divided as it divided them, and what its network makes of them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.artifacts.saved import TOGETHER, SavedModel
from engine.errors import DataError
from engine.events import Preparing
from engine.multitask.alone import material_of
from engine.preparation.inputs import Labelled
from engine.provenance import seen
from engine.tuning.material import Material, read_material


@dataclass(frozen=True, eq=False)
class Passed:
    """What the network makes of labelled images. features: float32 [n, d]. logits: float32 [n, classes]. labels: int64
    [n]. ids: of the images in the data set."""

    features: NDArray[np.float32]
    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    ids: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


def own_images(model: SavedModel, folder: Path) -> Generator[Preparing, None, Material]:
    """Yields `Preparing`, returns the run's images. Raises `InvalidExperiment` for a meta-learner, `ExperimentError`
    where the images are not there any more, or are not those that it learnt from."""
    model.refuse_tasks()
    of_task = bool(model.experiment.tasks)
    material = yield from (material_of if of_task else read_material)(model.experiment, model.reader.device)
    if changed(model, material, folder):
        raise DataError(
            f"The {model.what} of {material.data.title} are not those that this run learnt from.",
            "Bring back the files as they were, or run it again.",
        )
    return material


def changed(model: SavedModel, material: Material, folder: Path) -> bool:
    """Whether what the run wrote down of its images is no longer true; what never trained wrote nothing down."""
    trained = isinstance(model.method, seen.TrainsBlocks) and bool(model.method.stages())
    if not trained and not model.experiment.tasks:
        return False
    learnt, used = seen.learnt_from(folder), np.concatenate([material.split.train, material.split.validation])
    return learnt is not None and not np.array_equal(learnt, np.unique(material.data.contents[used]))


def passed(model: SavedModel, images: Labelled, most: int, text: str) -> Generator[Preparing, None, Passed]:
    """Yields `Preparing`, returns what the network makes of these images, or of `most` of them drawn at random, the
    same every time, in their order."""
    places = drawn(len(images), most)
    features, logits = [], []
    with torch.no_grad():
        for start in range(0, len(places), TOGETHER):
            yield Preparing(text, start / len(places))
            part = torch.from_numpy(places[start : start + TOGETHER])
            found = model.forward(images.inputs[part])
            features.append(found[0].cpu().numpy())
            logits.append(found[1].cpu().numpy())
    return Passed(
        np.concatenate(features), np.concatenate(logits), images.labels.cpu().numpy()[places], images.ids[places]
    )


def drawn(count: int, most: int) -> NDArray[np.int64]:
    """At most so many places of `count`, ascending."""
    every = np.arange(count, dtype=np.int64)
    return every if count <= most else np.sort(np.random.default_rng(0).choice(every, most, replace=False))
