"""A run of several tasks as one of them: a folder within its own, which opens as any run that tells classes apart.

The trunk lies there once more, with the rows of the head that are the task's, so that nobody who opens a run has to
know of tasks. It is written when it is first asked for, and anew where the run has learnt on.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import numpy as np
import torch

from engine.artifacts.bookmark import write_tensors
from engine.artifacts.weights import read_weights
from engine.data.sources import load
from engine.data.splits import ImageSplit
from engine.errors import StorageError
from engine.events import Preparing
from engine.experiment import BackboneChoice, Experiment
from engine.machine.files import write_text
from engine.multitask.run import HEADS
from engine.multitask.tasks import question, read_tasks
from engine.multitask.titles import of_one, tasks_of
from engine.preparation.inputs import of_images
from engine.provenance import read_as, seen
from engine.provenance.noted import in_run_folder
from engine.tuning.material import Material

WEIGHTS = ("best.safetensors", "last.safetensors")
LAST = "experiment.json"  # written last: where it is, all is there


def as_one_task(folder: Path, place: int, experiment: Experiment) -> Path:
    """The folder of one task of a run. Raises `ExperimentError` where the run's weights or what tells its tasks apart
    are gone, or a task of other images whose files cannot be read any more."""
    alone = folder / f"task-{place + 1}"
    if not _is_of_now(alone, folder):
        outputs, names = _heads(folder, place)
        (alone / LAST).unlink(missing_ok=True)
        for name in WEIGHTS:
            if (folder / name).is_file():
                state = read_weights(folder / name)
                part = {key: value[outputs] for key, value in state.items() if key.startswith("head.")}
                write_tensors(state | part, alone / name)
        with in_run_folder(folder):
            _write_down(folder, alone, place, experiment, names)
    return alone


def _is_of_now(alone: Path, folder: Path) -> bool:
    with suppress(OSError):
        written = (alone / LAST).stat().st_mtime_ns
        return all((folder / name).stat().st_mtime_ns <= written for name in WEIGHTS if (folder / name).is_file())
    return False


def _heads(folder: Path, place: int) -> tuple[slice, tuple[str, ...]]:
    """Which outputs are a task's, and what they stand for."""
    try:
        heads = json.loads((folder / HEADS).read_text(encoding="utf-8"))
        first = sum(len(one["classes"]) for one in heads[:place])
        names = tuple(map(str, heads[place]["classes"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise StorageError(f"What the heads of run {folder.name} tell apart is gone.", "Run it again.") from error
    return slice(first, first + len(names)), names


def _write_down(folder: Path, alone: Path, place: int, experiment: Experiment, names: tuple[str, ...]) -> None:
    """What it learnt from, the task's own images last; how its files were read; what it is."""
    past = seen.past(BackboneChoice(weights=f"{seen.RUN}{folder.name}", head="kept"), folder.parent)
    own = len(past.lessons) - len(tasks_of(experiment)) + place
    lessons = (*past.lessons[:own], *past.lessons[own + 1 :], *past.lessons[own : own + 1])
    seen.write(seen.Past(lessons, names, past.unknown), alone)
    if tasks_of(experiment)[place].dataset is not None:
        read_as.write(load(of_one(experiment, place).dataset), alone)
    elif (folder / read_as.FILE).is_file():
        copyfile(folder / read_as.FILE, alone / read_as.FILE)
    write_text(alone / LAST, of_one(experiment, place).model_dump_json())


def material_of(experiment: Experiment, device: torch.device) -> Generator[Preparing, None, Material]:
    """Yields `Preparing`, returns the images of an experiment with one task, labelled by what is asked of them: images
    that it does not ask for are in no part. Raises `DataError`, `InvalidExperiment`."""
    (task,) = yield from read_tasks(experiment, device)
    asked = question(task.data, task.split.classes, tasks_of(experiment)[0].labels)
    labels = asked.labels[task.data.labels]
    data = replace(task.data, labels=labels, class_names=asked.names, alphabets=None, kinds=None, of_regions=None)
    train, validation, test = (part.ids for part in task.parts)
    classes = np.arange(len(asked.names))
    split = ImageSplit(train, validation, test, classes, task.split.description, task.split.pool)
    return Material(data, split, *task.parts, of_images(experiment.backbone))
