"""What is wrong with an experiment before it starts, in words, without reading any data. Torch-free."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo
from engine.data.dataset import inside
from engine.data.shifts import first_repeated
from engine.data.sources import bands, checked, kind_of, known, sets
from engine.errors import InvalidExperiment, NotHere
from engine.events import CLUSTER
from engine.experiment import Budget, DatasetChoice, Experiment
from engine.families import FINE_TUNING, PRETRAINING, Family, family
from engine.given import is_there
from engine.method import Method
from engine.preflight.multitask import only_for_several
from engine.preflight.tasks import task_faults
from engine.preflight.texts import kind_faults
from engine.preflight.together import together_faults
from engine.registry import build_method, method
from engine.search.space import search_faults
from engine.spoken import refusal_of


def problems(experiment: Experiment) -> list[InvalidExperiment]:
    """Every fault found; `.field` says beside which input to show it. Empty when the run may start."""
    built, wrong = _built(experiment)
    found = *_data(experiment), *_backbone(experiment, built), *wrong, *task_faults(experiment)
    found = *found, *kind_faults(experiment, built)
    found = *found, *_family(experiment, built), *_search(experiment), *_device(experiment.device)
    what = kind_of(experiment.dataset)
    for fault in found:
        fault.message, fault.advice = refusal_of(fault.message, fault.advice, what)
    return [*found]


def _data(experiment: Experiment) -> Iterator[InvalidExperiment]:
    dataset = experiment.dataset
    yield from _raised(lambda: checked(dataset))
    if dataset.path is not None and not is_there(dataset.path):
        yield NotHere(
            f"There is no folder or file at {dataset.path}.", "Choose the data again; it may have moved.", "dataset"
        )
    if (again := first_repeated(dataset.tested_on)) is not None:
        yield InvalidExperiment(f"It is tested on {again} twice.", "Name each shift once.", "dataset")


def _backbone(experiment: Experiment, built: Method | None) -> Iterator[InvalidExperiment]:
    try:
        info = catalog.backbone(experiment.backbone.name)
    except InvalidExperiment as fault:
        yield fault
        return
    yield from _raised(lambda: catalog.image_size(experiment.backbone))
    if info.form.channels > bands(experiment.dataset):
        have = " and ".join(f"the {inside(one.info.title)}" for one in sets() if one.bands >= info.form.channels)
        yield InvalidExperiment(
            f"{info.title} reads patches of {info.form.channels} bands, which only {have} have.",
            f"Choose another backbone, or {have}.", "backbone",
        )  # fmt: skip
    with suppress(InvalidExperiment):  # no such method
        chosen = method(experiment.method.name)
        yield from _head(experiment, chosen, built)
        yield from _keeping(experiment, chosen)
        if chosen.uses_pretrained:
            yield from _weights(info, experiment.backbone.weights)


def _weights(info: BackboneInfo, weights: str) -> Iterator[InvalidExperiment]:
    if weights.startswith("run:"):
        return
    known = {found.name: found for found in catalog.weights(info.name)}
    if weights not in known:
        yield catalog.unknown(info, weights, known)
    elif not known[weights].here:
        yield catalog.not_here(info, known[weights])


def _raised(check: Callable[[], object]) -> Iterator[InvalidExperiment]:
    try:
        check()
    except InvalidExperiment as fault:
        yield fault


def _head(experiment: Experiment, chosen: type[Method], built: Method | None) -> Iterator[InvalidExperiment]:
    """Only a saved run has a head to keep, and only a method that starts from its weights and uses it can keep it."""
    if experiment.backbone.head == "new":
        return
    if not chosen.uses_pretrained or not (built is None or built.keeps_head):
        why = "compares features" if chosen.uses_pretrained else "starts from random weights"
        why = "learns without labels" if chosen.family == PRETRAINING.key else why
        yield InvalidExperiment(
            f"{chosen.title} {why}, so there is no head to keep.",
            "Take a new head, or choose a method that goes on from a run's weights.",
            "backbone",
        )
    elif not experiment.backbone.weights.startswith("run:"):
        yield InvalidExperiment(
            "Only the weights of a saved run come with a head.",
            "Take a new head, or start from the weights of a saved run.",
            "backbone",
        )


def _keeping(experiment: Experiment, chosen: type[Method]) -> Iterator[InvalidExperiment]:
    """What a run keeps of what its weights knew is measured of fine-tuning that starts from a saved run."""
    if experiment.backbone.what_it_keeps == "not measured":
        return
    if not chosen.uses_pretrained or chosen.family != FINE_TUNING.key:
        yield InvalidExperiment(
            f"{chosen.title} does not change the weights of an earlier run, so what it keeps cannot be measured.",
            "Do not measure it, or choose a fine-tuning method that starts from a saved run.", "backbone",
        )  # fmt: skip
    elif not experiment.backbone.weights.startswith("run:"):
        yield InvalidExperiment(
            "Only the weights of a saved run come with a head and test examples, by which it is measured what is kept.",
            "Do not measure it, or start from a saved run.", "backbone",
        )  # fmt: skip


def _built(experiment: Experiment) -> tuple[Method | None, list[InvalidExperiment]]:
    """(the method with its values, []), or (None, what is wrong with them)."""
    for name, value in experiment.method.hyperparameters.items():
        if isinstance(value, float) and not math.isfinite(value):
            words = f"“{name}” must be a number (given: {value})."
            return None, [InvalidExperiment(words, "Correct this value.", f"hyperparameters.{name}")]
    try:
        return build_method(experiment), []
    except InvalidExperiment as fault:
        return None, [fault]


def _family(experiment: Experiment, built: Method | None) -> Iterator[InvalidExperiment]:
    try:
        kind = family(experiment)
    except InvalidExperiment:
        return
    yield from _settings(experiment.dataset, kind)
    yield from _time(experiment.budget, kind)
    yield from _along(experiment, kind)
    yield from only_for_several(experiment, kind)
    yield from together_faults(experiment, kind, built)
    yield from kind.faults(experiment, built)


# Settings of the data that not every family has a place for: in words, and what to do.
ELSEWHERE = "Take it away, or choose a fine-tuning method."
SETTINGS = {
    "labels_per_class": ("Labels per class", "Set it to all labels."),
    "shift": ("A shift", ELSEWHERE), "tested_on": ("Testing on shifts", ELSEWHERE),
    "part": ("Half of the data", ELSEWHERE), "validation_per_class": ("A number to validate", ELSEWHERE),
    "leave_out": ("Leaving out copies", ELSEWHERE),
}  # fmt: skip


def _settings(dataset: DatasetChoice, kind: Family) -> Iterator[InvalidExperiment]:
    for name, (words, advice) in SETTINGS.items():
        if getattr(dataset, name) and name not in kind.data_settings:
            why = kind.instead.get(name, "")
            yield InvalidExperiment(f"{words} does not apply to {kind.title.lower()}{why}.", advice, "dataset")
    if kind.needs_labels and not dataset.labelled:
        yield InvalidExperiment(
            f"{kind.title} learns from labels, and these data have none.",
            "Choose a pretraining method, or pick the folder around the class folders.", "dataset",
        )  # fmt: skip
    source = known(dataset.name)
    if kind.divides == "images" and source is not None and source.for_tasks:
        yield InvalidExperiment(source.for_tasks, "Choose a meta-learner, or another data set.", "dataset")


def _time(budget: Budget, kind: Family) -> Iterator[InvalidExperiment]:
    if budget.instead_of_epochs and not kind.for_a_time:
        yield InvalidExperiment(
            "Training for a time instead of epochs is for fine-tuning and pretraining.",
            "Let the minutes be a limit, or choose such a method.", "budget",
        )  # fmt: skip
    elif budget.instead_of_epochs and budget.minutes is None:
        yield InvalidExperiment("Training for a time needs the minutes.", "Say how many minutes.", "budget")


def _along(experiment: Experiment, kind: Family) -> Iterator[InvalidExperiment]:
    if experiment.checkpoints == "along the way" and not kind.along:
        yield InvalidExperiment(
            f"{kind.title} keeps no weights along the way.",
            "Keep the best and the last, or choose a fine-tuning method.", "checkpoints",
        )  # fmt: skip


def _device(name: str) -> Iterator[InvalidExperiment]:
    """Whether this machine has it is seen where it is asked for: that needs torch."""
    if re.fullmatch(rf"cpu(:[2-9])?|mps|cuda:(\d+|all)|{CLUSTER}", name) is None:
        advice = f"Choose cpu, cuda:0, mps or {CLUSTER}."
        yield InvalidExperiment(f"There is no device called “{name}”.", advice, "device")


def _search(experiment: Experiment) -> Iterator[InvalidExperiment]:
    with suppress(InvalidExperiment):  # no such method, which is said already
        yield from search_faults(experiment)
