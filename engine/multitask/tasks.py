"""The images of each task and what is asked of them.

Images are divided before anything is asked: two questions about one data set have the same test images, so that neither
task learns from what the other is tested on.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.data.images import ImageSet, images_of
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_images
from engine.errors import InvalidExperiment
from engine.events import Preparing
from engine.experiment import Experiment, LabelSet
from engine.multitask.titles import own_data, tasks_of, titles
from engine.preparation.inputs import Labelled, images, of_images

NONE = -1  # the label of classes that a task does not ask for


@dataclass(frozen=True)
class TaskSplit:
    """Which images a question is asked of, before any is read. names: of its answers. labels, ids: of each part int64
    [n], of the images that have an answer."""

    title: str
    data: ImageSet
    split: ImageSplit
    names: tuple[str, ...]
    labels: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
    ids: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class TaskData:
    """One question. outputs: its part of the common head. class_names: what those stand for."""

    title: str
    data: ImageSet
    split: ImageSplit
    class_names: tuple[str, ...]
    outputs: slice
    train: Labelled
    validation: Labelled
    test: Labelled

    @property
    def parts(self) -> tuple[Labelled, Labelled, Labelled]:
        return self.train, self.validation, self.test

    @property
    def ids(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of each part int64 [n]."""
        return self.train.ids, self.validation.ids, self.test.ids


@dataclass(frozen=True)
class Question:
    """labels: int64 [classes of the data], the task's label of each, `NONE` where it is not asked for."""

    labels: NDArray[np.int64]
    names: tuple[str, ...]


def question(data: ImageSet, classes: NDArray[np.int64], asked: LabelSet) -> Question:
    """classes: int64 ids of those in use, ascending. Raises `InvalidExperiment` where nothing would be told apart."""
    labels, half = np.full(len(data.class_names), NONE, np.int64), (len(classes) + 1) // 2
    halves = {"first half": classes[:half], "second half": classes[half:]}
    if asked == "groups":
        return _groups(data, classes, labels)
    if asked == "which half":
        labels[classes] = np.arange(len(classes)) >= half
        names: tuple[str, ...] = ("first half", "second half")
    else:
        chosen = halves.get(asked, classes)
        labels[chosen] = np.arange(len(chosen))
        names = tuple(data.class_names[one] for one in chosen)
    if len(names) < 2:
        raise InvalidExperiment(
            f"The {asked} of {len(classes)} classes is {len(names)} class, which is no question.",
            "Choose data with at least four classes, or ask for all of them.", "tasks",
        )  # fmt: skip
    return Question(labels, names)


def _groups(data: ImageSet, classes: NDArray[np.int64], labels: NDArray[np.int64]) -> Question:
    if data.alphabets is None:
        raise InvalidExperiment(
            f"The classes of {data.title} are in no groups.", "Ask for classes, or for halves of them.", "tasks"
        )
    names = tuple(dict.fromkeys(data.alphabets[one] for one in classes))
    if len(names) < 2:
        raise InvalidExperiment(
            f"All classes in use are of one {data.group_word}, which is no question.", "Use more classes.", "tasks"
        )
    labels[classes] = [names.index(data.alphabets[one]) for one in classes]
    return Question(labels, names)


def divided(experiment: Experiment) -> Generator[Preparing, None, tuple[TaskSplit, ...]]:
    """Yields `Preparing`, returns which images each task asks; none is read. Raises `DataError`,
    `InvalidExperiment`."""
    found: list[TaskSplit] = []
    for choice, title in zip(tasks_of(experiment), titles(experiment), strict=True):
        yield Preparing(f"Reading the images of “{title}”")
        of = own_data(choice, experiment)
        data = images_of(load(of))
        split = split_images(data, of, experiment.seed)
        asked = question(data, split.classes, choice.labels)
        answers = [(asked.labels[data.labels[ids]], ids) for ids in (split.train, split.validation, split.test)]
        train, validation, test = ((labels[labels != NONE], ids[labels != NONE]) for labels, ids in answers)
        labels, ids = (train[0], validation[0], test[0]), (train[1], validation[1], test[1])
        found.append(TaskSplit(title, data, split, asked.names, labels, ids))
    return tuple(found)


def read_tasks(experiment: Experiment, device: torch.device) -> Generator[Preparing, None, tuple[TaskData, ...]]:
    """Yields `Preparing`, returns the tasks, whose images are read later. Raises `DataError`, `InvalidExperiment`."""
    shape, found = of_images(experiment.backbone), list[TaskData]()
    for one in (yield from divided(experiment)):
        first = found[-1].outputs.stop if found else 0
        parts = [
            Labelled(images(one.data, ids, shape, device), torch.from_numpy(labels).to(device), ids)
            for labels, ids in zip(one.labels, one.ids, strict=True)
        ]
        found.append(TaskData(one.title, one.data, one.split, one.names, slice(first, first + len(one.names)), *parts))
    return tuple(_shared(found))


def _shared(tasks: Sequence[TaskData]) -> list[TaskData]:
    """Where two tasks ask of the same images these are held once."""
    known: dict[tuple[str, bytes], Labelled] = {}

    def once(task: TaskData, part: Labelled) -> Labelled:
        first = known.setdefault((task.data.fingerprint, part.ids.tobytes()), part)
        return Labelled(first.inputs, part.labels, part.ids)

    return [
        TaskData(one.title, one.data, one.split, one.class_names, one.outputs, *(once(one, part) for part in one.parts))
        for one in tasks
    ]


def same_images(tasks: Sequence[TaskData]) -> bool:
    """Whether all ask of the same training images."""
    first = tasks[0].train
    return all(one.train.inputs is first.inputs for one in tasks)
