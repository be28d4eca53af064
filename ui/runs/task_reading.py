"""The picture of a run's tasks as it lies on the disk, and the images it speaks of. Read in a background thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtGui import QImage

from engine.errors import ExperimentError
from engine.experiment import Experiment
from ui.widgets.images import to_image

FILE = "tasks.json"  # written by engine/meta/tasks/gallery.py
SIDE = 64  # pixels at which images are fetched

Cancelled = Callable[[], bool]
Images = Mapping[int, QImage]


@dataclass(frozen=True, eq=False)
class ImageTask:
    """One task of images. support, query: int64 [way, n] places in the data set; turns: quarter turns [way]; before
    (None for a method without inner steps) and after: the slot each query image goes to, -1 for none [way, query];
    sure, entropy: float64 [way, query]; names: of the classes [way]."""

    support: np.ndarray
    query: np.ndarray
    turns: np.ndarray
    after: np.ndarray
    sure: np.ndarray
    entropy: np.ndarray
    before: np.ndarray | None = None
    names: tuple[str, ...] = ()
    hardness: float | None = None

    @property
    def way(self) -> int:
        return len(self.support)

    def right(self, slots: np.ndarray) -> float:
        """The share of query images that go to the slot of their row."""
        return float((slots == np.arange(self.way)[:, None]).mean())


@dataclass(frozen=True, eq=False)
class ShownTasks:
    """kind: "images", "curves" or "paths". split: "validation" or "test". drawn: curves as `CurveTaskPicture` takes
    them, paths as `PathPicture` does. images: by place in the data set; empty when the data are gone."""

    run_id: int
    step: int
    split: str
    kind: str
    tasks: tuple[ImageTask, ...] = ()
    drawn: tuple[dict[str, Any], ...] = ()
    images: Images = field(default_factory=dict)


def reading(
    run_id: int, folder: Path, experiment: Experiment, known: Images
) -> Callable[[Cancelled], ShownTasks | None]:
    """Work for the background: what the run's folder says of its tasks, None while there is nothing. known: images
    that were fetched before, which are not decoded again."""

    def work(cancelled: Cancelled) -> ShownTasks | None:
        try:
            found = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return shown_tasks(run_id, found, experiment, known, cancelled)
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not there yet, or of another version of the program

    return work


def shown_tasks(
    run_id: int, found: Mapping[str, Any], experiment: Experiment, known: Images, cancelled: Cancelled
) -> ShownTasks:
    """From the file's content; KeyError or ValueError where a part is missing."""
    step, split, kind = int(found["step"]), str(found.get("split", "validation")), str(found["kind"])
    if kind in ("curves", "paths"):
        return ShownTasks(run_id, step, split, kind, drawn=tuple(found["tasks"]))
    classes = [np.asarray(task["classes"], np.int64) for task in found["tasks"]]
    tasks = [image_task(task) for task in found["tasks"]]
    wanted = np.unique(np.concatenate([part.ravel() for task in tasks for part in (task.support, task.query)]))
    images, names = fetched(experiment, wanted, known, cancelled)
    named = tuple(_named(task, places, names) for task, places in zip(tasks, classes, strict=True))
    return ShownTasks(run_id, step, split, kind, named, images=images)


def image_task(task: Mapping[str, Any]) -> ImageTask:
    """One entry of the file."""
    return ImageTask(
        np.asarray(task["support"], np.int64),
        np.asarray(task["query"], np.int64),
        np.asarray(task["turns"], np.int64),
        np.asarray(task["after"], np.int64),
        np.asarray(task["sure"], np.float64),
        np.asarray(task["entropy"], np.float64),
        None if task["before"] is None else np.asarray(task["before"], np.int64),
        hardness=task.get("hardness"),
    )


def _named(task: ImageTask, places: np.ndarray, names: tuple[str, ...]) -> ImageTask:
    known = [names[place] if place < len(names) else f"class {place}" for place in places]
    turned = [name + (f", turned {90 * turn}°" if turn else "") for name, turn in zip(known, task.turns, strict=True)]
    return ImageTask(**{**vars(task), "names": tuple(turned)})


def fetched(
    experiment: Experiment, wanted: np.ndarray, known: Images, cancelled: Cancelled
) -> tuple[dict[int, QImage], tuple[str, ...]]:
    """The images at these places as the run saw them, and the names of all classes; nothing when the data are gone."""
    from engine.data import shifts, sources
    from engine.data.images import ImageSet
    from engine.data.samples import Sample, samples_of

    try:
        data = sources.load(experiment.dataset, cancelled=cancelled)
    except ExperimentError:
        return {}, ()
    missing = np.array([place for place in wanted if place not in known and place < len(data.labels)], np.int64)
    images = {int(place): known[int(place)] for place in wanted if int(place) in known}
    if len(missing):
        shift = experiment.dataset.shift
        side = min(SIDE, *data.typical_size) if isinstance(data, ImageSet) else 0
        shown: list[Sample] = samples_of(data, missing, side, cancelled)
        if shift is not None and isinstance(data, ImageSet):
            shown = list(shifts.shifted(np.stack([one for one in shown if not isinstance(one, str)]), shift, missing))
        images |= {int(place): to_image(sample) for place, sample in zip(missing, shown, strict=True)}
    return images, tuple(data.class_names)
