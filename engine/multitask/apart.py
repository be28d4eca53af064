"""That no task learns from what another is tested on: where two have images of their own, each was divided alone."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

import numpy as np

from engine.comparison.wording import OTHER_TASK
from engine.data.findings import Finding
from engine.errors import ExperimentError, InvalidExperiment
from engine.events import Preparing
from engine.experiment import Experiment
from engine.multitask.tasks import TaskData, TaskSplit, divided

Asked = TaskSplit | TaskData


def learnt_by_others(task: Asked, tasks: Sequence[Asked]) -> Iterator[Finding]:
    """Test images of this task that another one learns from or is validated on. Raises `InvalidExperiment` where both
    are of one data set that they divide differently; copies between two data sets are told."""
    tested = task.ids[2]
    for other in tasks:
        same = other.data.fingerprint == task.data.fingerprint
        if other is task or (same and np.array_equal(other.split.test, task.split.test)):
            continue  # copies within one division are told as those of any run
        train, validation, _ = other.ids
        learnt = np.concatenate([train, validation])
        if same and np.isin(tested, learnt).any():
            raise InvalidExperiment(
                f"“{other.title}” would learn from images that “{task.title}” is tested on.",
                "Divide the images of both alike: the same split and the same seed of it.", "tasks",
            )  # fmt: skip
        count = int(np.isin(task.data.contents[tested], other.data.contents[learnt]).sum())
        if count:
            words = f"{count:,} of {len(tested):,} test images are among those that “{other.title}” learns from"
            yield Finding(OTHER_TASK, words, f"“{task.title}”: {words}.")


def division_faults(experiment: Experiment) -> list[InvalidExperiment]:
    """What is wrong with the tasks as soon as it is known which images there are: nothing to tell apart, or a test on
    what another task learns from. Lists the data sets; no image is read."""
    try:
        tasks = _ended(divided(experiment))
        for task in tasks:
            list(learnt_by_others(task, tasks))
    except ExperimentError as why:
        return [InvalidExperiment(why.message, why.advice, "tasks")]
    return []


def _ended(reading: Generator[Preparing, None, tuple[TaskSplit, ...]]) -> tuple[TaskSplit, ...]:
    while True:
        try:
            next(reading)
        except StopIteration as end:
            found: tuple[TaskSplit, ...] = end.value
            return found
