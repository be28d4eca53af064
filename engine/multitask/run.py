"""A run that learns several tasks on one trunk, from the experiment to the figures of each task."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.artifacts.bookmark import Bookmark
from engine.artifacts.checkpoints import Checkpoints, kept
from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import digest, parameter_count, snapshot
from engine.data.findings import Finding
from engine.events import Event, Notice, RunStarted
from engine.experiment import Experiment
from engine.layers import HEAD
from engine.machine.devices import torch_device
from engine.machine.files import write_text
from engine.machine.limits import Limits, heeding, last_words
from engine.multitask.apart import learnt_by_others
from engine.multitask.method import MultiTaskMethod
from engine.multitask.tasks import TaskData, read_tasks
from engine.multitask.testing import test
from engine.multitask.titles import own_data, tasks_of, titles
from engine.multitask.training import MultiTask
from engine.preparation.held import read_ahead
from engine.preparation.inputs import Inputs, of_images
from engine.provenance import seen
from engine.provenance.noted import findings, in_run_folder, keep_left_out, notices

HEADS = "heads.json"  # in the run's folder: the tasks and their classes, in the order of the head's outputs


def run_multitask(
    experiment: Experiment, method: MultiTaskMethod, directory: Path, limits: Limits, bookmark: Bookmark
) -> Iterator[Event]:
    """Read, build, learn, test each task. Raises `ExperimentError` for what a person can mend."""
    if method.needs is not None:
        method.needs.require()
    tasks = yield from heeding(limits, read_tasks(experiment, torch_device(experiment.device)))
    found = known_before(experiment, method, tasks, directory.parent)
    write_down(experiment, method, tasks, directory)
    training = prepared(experiment, method, tasks, Checkpoints(directory, bookmark), limits)
    yield RunStarted(training.total_steps, training.steps_per_epoch, seen_per_step(training), facts(training))
    yield from bookmark.once((*notices(once(found)), *remarks(training), *unlimited(experiment)))
    if bookmark.found is not None and "network" in bookmark.found:
        training.load_state(bookmark.found)
        limits.start(bookmark.found["used"])
    else:
        limits.start(0.0)
    with read_ahead(*inputs_of(tasks)):
        yield from kept(training, training.checkpoints)
        yield from test(training, experiment, found)
    yield from training.checkpoints.insist()
    done = f"{training.epoch:,} of {len(training.stages) * method.epochs:,} epochs"
    total = training.step if training.is_over else training.total_steps
    yield from last_words(limits, training.step, total, done, training.stopped_early)


def of_task(experiment: Experiment, place: int) -> Experiment:
    """The experiment with the images of one task as its own."""
    return experiment.model_copy(update={"dataset": own_data(tasks_of(experiment)[place], experiment)})


def known_before(
    experiment: Experiment, method: MultiTaskMethod, tasks: Sequence[TaskData], runs: Path
) -> list[tuple[Finding, ...]]:
    """Of each task what must be known of its images; raises `InvalidExperiment` where one would learn from what
    another is tested on."""
    return [
        (*findings(of_task(experiment, place), method, task.data, task.split, runs), *learnt_by_others(task, tasks))
        for place, task in enumerate(tasks)
    ]


def once(found: Iterable[Iterable[Finding]]) -> Iterable[Finding]:
    """Without what is said of two tasks that share their images."""
    return {one.sentence: one for some in found for one in some}.values()


def write_down(experiment: Experiment, method: MultiTaskMethod, tasks: Sequence[TaskData], directory: Path) -> None:
    """What the weights will have met, how files were read, and what the outputs stand for. Raises `StorageError`."""
    before = seen.past_of(experiment, method, directory.parent)
    ids = [np.concatenate([task.train.ids, task.validation.ids]) for task in tasks]
    met = [seen.lesson(task.data, some) for task, some in zip(tasks, ids, strict=True)]
    names = tuple(f"{task.title}: {name}" for task in tasks for name in task.class_names)
    keep_left_out(tasks[0].data, directory, *(task.data for task in tasks[1:]))
    heads = [{"title": task.title, "classes": task.class_names} for task in tasks]
    with in_run_folder(directory):
        seen.write(seen.Past((*before.lessons, *met), names, before.unknown), directory)
        write_text(directory / HEADS, json.dumps(heads, ensure_ascii=False, indent=1) + "\n")


def prepared(
    experiment: Experiment, method: MultiTaskMethod, tasks: Sequence[TaskData], checkpoints: Checkpoints, limits: Limits
) -> MultiTask:
    """The network with its weights and all that is needed to train it; raises `StorageError` where the run began with
    other images or weights."""
    outputs = tasks[-1].outputs.stop
    model = build_backbone(experiment.backbone, outputs, experiment.seed, checkpoints.directory.parent)
    model = model.to(tasks[0].train.device)
    checkpoints.bookmark.require("images", ", ".join(task.data.fingerprint for task in tasks))
    checkpoints.bookmark.require("weights", digest(snapshot(model)))
    shape = of_images(experiment.backbone)
    return MultiTask(model, method, tasks, shape, checkpoints, limits, seed=experiment.seed)


def inputs_of(tasks: Sequence[TaskData]) -> tuple[Inputs, ...]:
    """All images, each set once, in the order in which they are first needed."""
    parts = (part.inputs for number in range(3) for part in (task.parts[number] for task in tasks))
    return tuple({id(one): one for one in parts}.values())


def seen_per_step(training: MultiTask) -> int:
    """Images of a step of the first stage."""
    tasks = 1 if training.together else len(training.active)
    return training.batch * tasks


def facts(training: MultiTask) -> dict[str, Any]:
    """What the window shows beside a run."""
    tasks = training.tasks
    return {
        "tasks": ", ".join(f"{task.title} ({len(task.class_names)} classes)" for task in tasks),
        "training images": ", ".join(f"{len(task.train):,}" for task in tasks),
        "validation images": ", ".join(f"{len(task.validation):,}" for task in tasks),
        "test images": ", ".join(f"{len(task.test):,}" for task in tasks),
        "parameters": parameter_count(training.model),
        "head parameters": parameter_count(training.model.block(HEAD)),
        "steps of each stage": training.steps_per_stage,
        "batch norm": "statistics of one mixed batch of all tasks",
        "split": tasks[0].split.description,
        "data": ", ".join(dict.fromkeys(task.data.fingerprint for task in tasks)),
    }


def remarks(training: MultiTask) -> Iterator[Notice]:
    """What a person should know before it begins."""
    if len(training.stages) > 1:
        yield Notice(
            f"{len(training.stages)} stages of {training.steps_per_stage:,} steps each; the rate begins anew in each."
        )
    if training.together and len(training.active) > 1:
        yield Notice("All tasks ask of the same images: each step reads them once for all.")
    if training.patience.epochs and not any(len(task.validation) for task in training.tasks):
        yield Notice("There are no validation images: no stage ends early.", "warning")
    small = [task.title for task in training.tasks if len(task.train) < training.batch]
    if small:
        yield Notice(f"Each step sees all training images of {', '.join(small)}.", "warning")


def unlimited(experiment: Experiment) -> Iterator[Notice]:
    """Few labels are of the experiment's own images: a task with others has as many as these are told to have."""
    few = experiment.dataset.labels_per_class
    named = zip(tasks_of(experiment), titles(experiment), strict=True)
    others = [f"“{title}”" for choice, title in named if own_data(choice, experiment).labels_per_class != few]
    if few is not None and others:
        words = f"{few:,} {'label' if few == 1 else 'labels'} per class"
        yield Notice(
            f"{words} are of the experiment's own images: {', '.join(others)} is not limited by it.", "warning"
        )
