"""How sure a meta-learner may say that it is of classes that it has just met: fitted on the validation tasks of its
run, measured on its test tasks. It holds for tasks of that shape; for others nothing was measured."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.artifacts.saved import SavedModel, tested_file
from engine.comparison.reliability import TASKS, Answered, lowered, reliability
from engine.comparison.temperature import probabilities, temperature_of
from engine.comparison.unlike import Threshold
from engine.comparison.wording import count
from engine.data.episodes import Episode
from engine.data.findings import ids_of
from engine.data.target import CLASSES
from engine.errors import DataError, InvalidExperiment
from engine.events import Preparing
from engine.meta.learner import MetaLearner
from engine.meta.run import protocol, read_tasks
from engine.meta.task import ImageTasks
from engine.provenance import seen
from engine.using import calibration as kept
from engine.using.calibration import Calibration, digest_of

MOST = 100  # tasks that a temperature is fitted on, and tasks that it is measured on
NEVER = Threshold(inf, 0.0, 0)  # classes that were just met refuse nothing


@dataclass(frozen=True, eq=False)
class AskedTasks:
    """What a method gives for the query images of tasks. logits: float32 [n, way]; labels: int64 [n]; tasks: int64 [n],
    the number of the task of each."""

    logits: NDArray[np.float32]
    labels: NDArray[np.int64]
    tasks: NDArray[np.int64]

    def answered(self, temperature: float) -> Answered:
        return Answered.of(probabilities(self.logits, temperature), self.labels, self.tasks)


def calibrated_tasks(model: SavedModel, folder: Path) -> Generator[Preparing, None, Calibration]:
    """Yields `Preparing`, returns the calibration and keeps it in the run's folder where there is room. Raises
    `ExperimentError` where the tasks of the run cannot be had, or have no classes."""
    method = model.method
    if not isinstance(method, MetaLearner):
        raise InvalidExperiment("This run learnt no tasks.", "Choose a run of a meta-learner.")
    tasks = yield from read_tasks(model.experiment, method, model.reader.device)
    if not isinstance(tasks, ImageTasks) or tasks.target != CLASSES:
        raise InvalidExperiment("Tasks that ask for numbers have no probabilities.", "Choose a run on images.")
    refuse_changed(tasks, folder)
    chosen = yield from outputs(method, model, tasks, tasks.validation[:MOST], "Calibrating on validation tasks")
    tested = yield from outputs(method, model, tasks, tasks.test[:MOST], "Measuring on test tasks")
    temperature = temperature_of(chosen.logits, chosen.labels)
    before, after = (tested.answered(one) for one in (1.0, temperature))
    file, conditions = tested_file(folder, method), protocol(model.experiment, method, tasks, "")[0]
    found = Calibration(
        (file.name, digest_of(file)), temperature, len(chosen.labels), reliability(before), reliability(after),
        lowered(before, after), NEVER, {TASKS: shape_words(method, tasks), **conditions},
    )  # fmt: skip
    kept.keep(found, folder)
    return found


def refuse_changed(tasks: ImageTasks, folder: Path) -> None:
    """Raise `DataError` where the images are others than those that the run learnt from."""
    learnt = seen.learnt_from(folder)
    if learnt is None or tasks.divided is None:
        return
    data, split = tasks.divided
    used = ids_of(data, np.concatenate([split.train, split.validation]))
    if not np.array_equal(learnt, np.unique(data.contents[used])):
        raise DataError(
            f"The images of {data.title} are not those that this run learnt from.",
            "Bring back the files as they were, or run it again.",
        )


def outputs(
    method: MetaLearner, model: SavedModel, tasks: ImageTasks, items: Sequence[Episode], text: str
) -> Generator[Preparing, None, AskedTasks]:
    """Yields `Preparing`, returns what the method gives; each task is met as at the run's own test."""
    found = []
    for place, item in enumerate(items):
        yield Preparing(text, place / len(items))
        task = tasks.task(item)
        classify = method.adapt(model.network, task.support_inputs, task.support_targets, task.way)
        logits = classify(task.query_inputs).detach().float().cpu().numpy()
        found.append((logits, task.query_targets.cpu().numpy(), np.full(len(logits), place)))
    logits, labels, numbers = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if not np.isfinite(logits).all():
        raise DataError("What this network gives is not a number.", "Train it again with a smaller learning rate.")
    return AskedTasks(logits, labels.astype(np.int64), numbers.astype(np.int64))


def shape_words(method: MetaLearner, tasks: ImageTasks) -> str:
    """ "100 validation tasks, 5 classes with 1 example"."""
    own = method.hyperparameters
    n = min(MOST, len(tasks.validation))
    return f"{count(n, 'tasks', 'validation ')}, {own.way} classes with {count(own.shot, 'examples')}"
