"""What the views of test images ask the storage thread and the background for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.after_training import RunAdvice, lessons
from engine.comparison.answers import kept
from engine.comparison.examined import Examined
from engine.comparison.grouping import configurations, one_per_seed
from engine.comparison.intervals import Interval
from engine.errors import DataError, StorageError
from engine.events import Evaluated
from engine.experiment import Experiment

if TYPE_CHECKING:
    from engine.data.images import ImageSet
    from storage.store import RunRow, RunStore

MOST_SEEDS = 10
LARGE = 1024  # pixels of the shorter side of an image that is looked at alone
CHANGED = "The images of this data set are others than when the run was made, so they cannot be shown."


@dataclass(frozen=True, eq=False)
class ExaminedRun:
    """A run's test images with the experiment that says where they come from, and what its numbers advise."""

    run_id: int
    experiment: Experiment
    examined: Examined
    lessons: tuple[RunAdvice, ...] = ()


def read_examined(store: RunStore, run_id: int) -> ExaminedRun | None:
    """What is known of a run's test images one by one, with what runs that differ in the seed only said of the same;
    None where no predictions were kept. Runs in the storage thread; raises `StorageError`."""
    row = store.run(run_id)
    figure = predictions_of(store, row)
    if figure is None:
        return None
    ids = np.asarray(figure.ids, np.int64)
    truth, predicted = (np.asarray(one, np.int64) for one in (figure.truth, figure.predicted))
    others = [np.asarray(one.predicted, np.int64) for one in _other_seeds(store, row, figure)]
    found = Examined(
        figure.class_names, ids, truth, predicted, kept(store.directory(row), ids),
        np.array(others) if others else None, str(row.facts.get("data", "")),
    )  # fmt: skip
    found.counts, found.agreeing  # noqa: B018 - made here, not in the window's thread
    accuracy = Interval(figure.value, figure.low, figure.high, figure.n)
    ends = (row.last.get(f"{part}/accuracy", nan) for part in ("train", "val"))
    return ExaminedRun(run_id, row.experiment, found, lessons(found, accuracy, *ends))


def predictions_of(store: RunStore, row: RunRow) -> Evaluated | None:
    """The first of a run's figures that kept what it said of each image."""
    results = store.results(row.id) if row.test is not None else []
    return next((one for one in results if one.predicted is not None and one.class_names), None)


def _other_seeds(store: RunStore, row: RunRow, figure: Evaluated) -> list[Evaluated]:
    """The same figure of other seeds, at most nine, tested on the same images of the same classes."""
    alike = next((runs for runs in configurations(store.runs()).values() if any(one.id == row.id for one in runs)), [])
    rest = [one for one in alike if one.experiment.seed != row.experiment.seed and one.test is not None]
    found = []
    for other in one_per_seed((one, one, True) for one in rest)[: MOST_SEEDS - 1]:
        try:
            theirs = predictions_of(store, other)
        except StorageError:
            continue  # a damaged row: the others are compared
        same = theirs is not None and theirs.class_names == figure.class_names
        if theirs is not None and same and np.array_equal(theirs.ids, figure.ids):  # type: ignore[arg-type]
            found.append(theirs)
    return found


def set_of(experiment: Experiment, data: str) -> Callable[[Callable[[], bool]], ImageSet]:
    """Work for the background: the data set of a run. data: its fingerprint then, "" if not known; raises `DataError`
    where it is another now."""

    def work(cancelled: Callable[[], bool]) -> ImageSet:
        from engine.data import sources

        found = sources.load(experiment.dataset, cancelled=cancelled)
        if data and found.fingerprint != data:
            raise DataError(CHANGED, "Bring back the files as they were, or run it again.")
        return found

    return work


def looked_at(
    data: ImageSet, experiment: Experiment, image: int
) -> Callable[[Callable[[], bool]], tuple[np.ndarray, np.ndarray]]:
    """Work for the background: an image large, uint8 [h, w, c], and what the run's network reads of it, uint8 [s, s,
    c], also where the run shifts its images."""
    return partial(_looked_at, data, experiment, image)


def _looked_at(
    data: ImageSet, experiment: Experiment, image: int, cancelled: Callable[[], bool]
) -> tuple[np.ndarray, np.ndarray]:
    from engine.data.shifts import shifted
    from engine.preparation.inputs import normaliser

    large = np.asarray(data.source.image(image, LARGE, data.shown_channels))
    form, ids = normaliser(experiment.backbone), np.array([image])
    pixels = data.pixels(ids, form.size, form.channels, cancelled, form.cut)
    shift = experiment.dataset.shift
    seen = shifted(pixels, shift, ids) if shift is not None else pixels
    return large, seen[0]
