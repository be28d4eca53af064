"""What the views of test images ask the storage thread and the background for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.after_training import RunAdvice, lessons
from engine.comparison.answers import kept
from engine.comparison.examined import Examined
from engine.comparison.grouping import configurations, one_per_seed
from engine.comparison.intervals import Interval
from engine.data.labelled_set import as_counted
from engine.errors import DataError, StorageError
from engine.events import Evaluated
from engine.experiment import Experiment, Shift
from engine.metrics import HEAD, SHIFT, TASK, TEST_SET
from engine.multitask.titles import WHEN, of_one, titles
from ui.data.thumbnails import Picture, tile
from ui.widgets.images import Sample, to_image

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from engine.data.images import ImageSet
    from engine.data.labelled_set import Form, LabelledSet
    from storage.store import RunRow, RunStore

MOST_SEEDS = 10
LARGE = 1024  # pixels of the shorter side of an image that is looked at alone
CHANGED = "The examples of this data set are others than when the run was made, so they cannot be shown."


OWN = ""  # stands for a run's own test where a fingerprint stands for a further set


@dataclass(frozen=True, slots=True)
class TestedOn:
    """Another test than a run's own. data: the fingerprint of a further set then, or the name of a task's figure. path:
    where the set lies, or its title. of_task: of one of the run's tasks, not of a further set."""

    title: str
    data: str
    path: str
    of_task: bool = False


@dataclass(frozen=True, eq=False)
class ExaminedRun:
    """A run's test images with the experiment that says where they come from, and what its numbers advise. further: the
    other tests that it had; of several tasks a test of each, and none for all. on: that of these images, None for its
    own test. folder: of the run."""

    run_id: int
    experiment: Experiment
    examined: Examined
    lessons: tuple[RunAdvice, ...] = ()
    further: tuple[TestedOn, ...] = ()
    on: TestedOn | None = None
    folder: Path = Path()

    @property
    def data(self) -> str:
        """Stands for the set of these images among those that the run was tested on."""
        return OWN if self.on is None else self.on.data

    @property
    def tests(self) -> tuple[TestedOn, ...]:
        """What can be looked at."""
        of_tasks = any(one.of_task for one in self.further)
        return self.further if of_tasks else (TestedOn("Its own test", OWN, ""), *self.further)

    @property
    def is_own(self) -> bool:
        """Whether these images are of its experiment, not of a further set."""
        return self.on is None or self.on.of_task

    @property
    def shift(self) -> Shift | None:
        """What changes these images before its network reads them."""
        return self.experiment.dataset.shift if self.is_own else None


def read_examined(store: RunStore, run_id: int, data: str = OWN) -> ExaminedRun | None:
    """What is known of a run's test images one by one, with what runs that differ in the seed only said of the same;
    None where no predictions were kept. data: fingerprint of the set, its own test where that is no longer known. Runs
    in the storage thread; raises `StorageError`."""
    row = store.run(run_id)
    results = store.results(run_id) if row.test is not None else []
    further = tuple({one.data: one for one in _tested_on(results)}.values())
    first = next((one for one in further if one.of_task), None)  # what a run of several tasks begins with
    on = next((one for one in further if one.data == data), first)
    data = OWN if on is None else on.data
    figure = predictions_of(results, data)
    if figure is None:
        return None
    ids = np.asarray(figure.ids, np.int64)
    truth, predicted = (np.asarray(one, np.int64) for one in (figure.truth, figure.predicted))
    others = [np.asarray(one.predicted, np.int64) for one in _other_seeds(store, row, figure, data)]
    folder = store.directory(row)
    found = Examined(
        figure.class_names, ids, truth, predicted, kept(folder, ids, data),
        np.array(others) if others else None, figure.conditions.get("data") or str(row.facts.get("data", "")),
    )  # fmt: skip
    found.counts, found.agreeing  # noqa: B018 - made here, not in the window's thread
    accuracy = Interval(figure.value, figure.low, figure.high, figure.n)
    ends = (row.last.get(f"{part}/accuracy", nan) if on is None else nan for part in ("train", "val"))
    told = lessons(found, accuracy, *ends)
    return ExaminedRun(run_id, asked_of(figure, row.experiment), found, told, further, on, folder)


def asked_of(figure: Evaluated, experiment: Experiment) -> Experiment:
    """The experiment, or of several tasks the one that this figure is of, whose images may be others."""
    title = figure.conditions.get(TASK)
    known = titles(experiment) if title is not None else ()
    return of_one(experiment, known.index(title)) if title in known else experiment


def _tested_on(results: Sequence[Evaluated]) -> Iterator[TestedOn]:
    """The further sets whose answers were kept, and the tasks of a run that has no test but theirs."""
    several = not any(one.predicted is not None and not one.at for one in results)
    for one in results:
        if one.predicted is None:
            continue
        if TEST_SET in one.at:
            yield TestedOn(str(one.at[TEST_SET]), one.conditions.get("data", ""), str(one.notes.get("test set", "")))
        elif several and TASK in one.at:
            words = ", ".join(str(one.at[key]) for key in (TASK, WHEN, HEAD) if key in one.at)
            yield TestedOn(words, one.name, "", of_task=True)


def predictions_of(results: Sequence[Evaluated], data: str = OWN) -> Evaluated | None:
    """The first of these figures that kept what it said of each image of this set."""
    found = (one for one in results if one.predicted is not None and one.class_names)
    return next((one for one in found if _set_of(one) == data), None)


def _set_of(figure: Evaluated) -> str | None:
    """None for a figure of the run's own images under another shift."""
    if SHIFT in figure.at:
        return None
    if TASK in figure.at:
        return figure.name
    return figure.conditions.get("data", "") if TEST_SET in figure.at else OWN


def _other_seeds(store: RunStore, row: RunRow, figure: Evaluated, data: str) -> list[Evaluated]:
    """The same figure of other seeds, at most nine, tested on the same images of the same classes."""
    alike = next((runs for runs in configurations(store.runs()).values() if any(one.id == row.id for one in runs)), [])
    rest = [one for one in alike if one.experiment.seed != row.experiment.seed and one.test is not None]
    found = []
    for other in one_per_seed((one, one, True) for one in rest)[: MOST_SEEDS - 1]:
        try:
            theirs = predictions_of(store.results(other.id), data)
        except StorageError:
            continue  # a damaged row: the others are compared
        same = theirs is not None and as_counted(theirs.class_names) == as_counted(figure.class_names)
        if theirs is not None and same and np.array_equal(theirs.ids, figure.ids):  # type: ignore[arg-type]
            found.append(theirs)
    return found


@dataclass(frozen=True, eq=False)
class ShownSet:
    """The images of a test, and how their tiles are drawn; None: as they are."""

    data: LabelledSet
    picture: Picture | None = None


def set_of(run: ExaminedRun) -> Callable[[Callable[[], bool]], ShownSet]:
    """Work for the background: the images of a run's test, shifted where the run shifts them; raises `DataError` where
    they are others now."""
    load = _loading(run)

    def work(cancelled: Callable[[], bool]) -> ShownSet:
        from engine.data.shifts import changes_pixels

        shift = run.shift
        picture = _shifted_picture(run.experiment, shift) if changes_pixels(shift) else None
        return ShownSet(load(cancelled), picture)

    return work


def _shifted_picture(experiment: Experiment, shift: Shift) -> Picture:
    """Of the size at which the network reads an image, since it is that which is shifted."""
    from engine.data.images import images_of
    from engine.preparation.inputs import normaliser

    form = normaliser(experiment.backbone)

    def picture(data: LabelledSet, image: int, side: int) -> QImage:
        return tile(to_image(as_read(images_of(data), form, shift, image)[..., :3]), side)

    return picture


def _loading(run: ExaminedRun) -> Callable[[Callable[[], bool]], LabelledSet]:
    on, experiment, data, folder = run.on, run.experiment, run.examined.data, run.folder

    def own(cancelled: Callable[[], bool]) -> LabelledSet:
        from engine.data import sources

        found = sources.load(experiment.dataset, cancelled=cancelled)
        if data and found.fingerprint != data:
            raise DataError(CHANGED, "Bring back the files as they were, or run it again.")
        return found

    def further(cancelled: Callable[[], bool]) -> LabelledSet:
        from engine.provenance import read_as
        from engine.using.tested_images import again

        assert on is not None
        return again(on.path, on.data, read_as.read(folder), cancelled)

    return own if run.is_own else further


def looked_at(
    data: LabelledSet, run: ExaminedRun, image: int
) -> Callable[[Callable[[], bool]], tuple[Sample, np.ndarray | None]]:
    """Work for the background: an image large, uint8 [h, w, c], and what the run's network reads of it, uint8 [s, s,
    c], also where the run shifts its images; or a text, and None."""

    def work(cancelled: Callable[[], bool]) -> tuple[Sample, np.ndarray | None]:
        from engine.data.images import ImageSet
        from engine.data.samples import whole
        from engine.preparation.inputs import normaliser

        large = whole(data, image, LARGE)
        if not isinstance(data, ImageSet):
            return large, None
        return large, as_read(data, normaliser(run.experiment.backbone), run.shift, image, cancelled)

    return work


def as_read(
    data: ImageSet, form: Form, shift: Shift | None, image: int, cancelled: Callable[[], bool] | None = None
) -> np.ndarray:
    """An image as a network of this form reads it, under this shift: uint8 [s, s, c]."""
    from engine.data.shifts import shifted

    ids = np.array([image])
    pixels = data.pixels(ids, form.size, form.channels, cancelled, form.cut)
    found = shifted(pixels, shift, ids) if shift is not None else pixels
    return np.asarray(found[0])
