"""What learning several tasks refuses, and who refuses several tasks. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator

from engine.backbones import catalog
from engine.data.shifts import first_repeated
from engine.data.sources import bands, checked, kind_of, target_of
from engine.data.target import CLASSES
from engine.errors import InvalidExperiment, NotHere
from engine.experiment import DatasetChoice, Experiment
from engine.families import MULTITASK, Family
from engine.given import is_there
from engine.method import Method
from engine.multitask.method import MultiTaskMethod
from engine.multitask.titles import group_word, own_data, tasks_of
from engine.naming import data_title


def multitask_faults(experiment: Experiment, built: Method | None) -> Iterator[InvalidExperiment]:
    """What is wrong whatever the images are."""
    if experiment.precision == "bfloat16":
        yield InvalidExperiment(
            "Several tasks are computed in float32 alone.", "Choose float32 as precision.", "precision",
        )  # fmt: skip
    if experiment.search is not None:
        yield InvalidExperiment(
            "A search judges settings by one task.", "Take the search away, or choose a fine-tuning method.", "search"
        )
    if experiment.backbone.head == "kept":
        yield InvalidExperiment("Each task gets a head of its own.", "Take a new head.", "backbone")
    if kind_of(experiment.dataset) == "texts":
        yield InvalidExperiment(
            "Several tasks at once are learnt from images, and these are texts.",
            "Choose images, or a fine-tuning method.", "dataset",
        )  # fmt: skip
    elif catalog.backbone(experiment.backbone.name).form.kind != "images":
        yield InvalidExperiment("Several tasks are for networks of images.", "Choose another backbone.", "backbone")
    if isinstance(built, MultiTaskMethod) and built.needs is not None and built.needs.missing():
        yield InvalidExperiment(*built.needs.lacking(), "method")
    yield from tasks(experiment)


def tasks(experiment: Experiment) -> Iterator[InvalidExperiment]:
    """What is wrong with the tasks themselves."""
    chosen = tasks_of(experiment)
    if len(chosen) < 2:
        yield InvalidExperiment("There is one task.", "Choose a second one, or a fine-tuning method.", "tasks")
    whole = [(task.labels, own_data(task, experiment)) for task in chosen]
    if first_repeated(whole) is not None:
        yield InvalidExperiment("Two tasks are the same.", "Ask for something else, or for other images.", "tasks")
    channels = catalog.backbone(experiment.backbone.name).form.channels
    for task in chosen:
        of = own_data(task, experiment)
        called = data_title(experiment.model_copy(update={"dataset": of}))
        if task.labels == "groups" and not group_word(of):
            yield InvalidExperiment(
                f"The classes of {called} are in no groups.", "Ask for classes, or for halves of them.", "tasks"
            )
        if task.dataset is not None:
            yield from _other(task.dataset, called, channels)


def _other(choice: DatasetChoice, called: str, channels: int) -> Iterator[InvalidExperiment]:
    """Of a task that has its own images."""
    try:
        checked(choice)
    except InvalidExperiment as fault:
        yield InvalidExperiment(fault.message, fault.advice, "tasks")
        return
    if choice.path is not None and not is_there(choice.path):
        yield NotHere(f"There is no folder or file at {choice.path}.", "Choose the data again.", "tasks")
    if not choice.labelled:
        yield InvalidExperiment(f"{called} have no labels to ask for.", "Choose images with labels.", "tasks")
    if target_of(choice) != CLASSES or channels > bands(choice):
        yield InvalidExperiment(f"The network does not read {called}.", "Choose other images.", "tasks")
    if choice.shift is not None or choice.tested_on:
        yield InvalidExperiment("A shift does not apply to a second task.", "Take it away.", "tasks")


def only_for_several(experiment: Experiment, kind: Family) -> Iterator[InvalidExperiment]:
    """Tasks are told by one family alone."""
    if experiment.tasks and kind is not MULTITASK:
        yield InvalidExperiment(
            f"Several tasks do not apply to {kind.title.lower()}.", "Take them away, or choose multi-task.", "tasks"
        )
