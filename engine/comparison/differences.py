"""The settings of experiments side by side: only what differs, in the field's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.comparison.wording import compact, count
from engine.data.shifts import describe
from engine.data.sources import sets
from engine.errors import ExperimentError
from engine.experiment import HALVES, Experiment, RangeChoice, SearchChoice, TaskChoice
from engine.frozen import TOLD
from engine.naming import data_title, learns_several, method_title, network_title, weights_title, without_network
from engine.registry import HyperparameterField, complete, fields, method, own_fields

Value = str | int | float
NONE = "–"
ORDER = "method.hyperparameters.order"  # of several tasks: its values say what they are
LABELS = {
    "dataset.name": "Data",
    "dataset.path": "Folder",
    "dataset.classes": "Classes",
    "dataset.labels_per_class": "Labels per class",
    "dataset.split": "Split",
    "dataset.split_seed": "Split seed",
    "dataset.part": "Part used",
    "dataset.validation_per_class": "Validation per class",
    "dataset.leave_out": "Left out of the test",
    "dataset.listed": "By the list of",
    "dataset.shift": "Shift",
    "dataset.tested_on": "Also tested on",
    "backbone.name": "Backbone",
    "backbone.weights": "Pretrained weights",
    "backbone.head": "Head",
    "backbone.image_size": "Size read (pixels, pieces)",
    "backbone.preparation": "Preparation",
    "backbone.what_it_keeps": "What it keeps",
    "method.name": "Method",
    "tasks": "Tasks",
    "search": "Search",
    "budget.minutes": "Time limit (minutes)",
    "budget.instead_of_epochs": "Time instead of epochs",
    "seed": "Seed",
    "device": "Device",
    "precision": "Precision",
    "checkpoints": "Weights kept",
}
WHEN_EMPTY = {
    "dataset.path": NONE,
    "dataset.classes": "all",
    "dataset.labels_per_class": "all",
    "dataset.split": "the method's own",
    "dataset.part": "all",
    "dataset.validation_per_class": "all",
    "dataset.leave_out": "nothing",
    "dataset.listed": "the folder as it was",
    "dataset.shift": "none",
    "dataset.tested_on": "none",
    "backbone.image_size": "the backbone's own",
    "search": "none",
    "budget.minutes": "none",
}
HYPERPARAMETER, DATA = "method.hyperparameters.", "dataset."
WORDED_AS_ONE: dict[str, Any] = {"dataset": {"shift", "tested_on"}, "search": True, "tasks": True}


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting on which experiments disagree. values: one per experiment; "–" where it does not apply."""

    key: str
    label: str
    values: tuple[Value, ...]


def flatten(experiment: Experiment) -> dict[str, Value]:
    """Every setting as "dataset.labels_per_class" -> value in words; empty hyperparameters get the method's own."""
    flat: dict[str, Value] = {}
    walk(completed(experiment).model_dump(mode="json", exclude=WORDED_AS_ONE, context=TOLD), "", flat)
    flat |= as_one(experiment)
    flat["dataset.name"] = data_title(experiment)
    flat["method.name"] = method_title(experiment.method.name)
    flat["backbone.name"] = network_title(experiment)
    flat["backbone.weights"] = "none" if without_network(experiment.method) else weights_title(experiment.backbone)
    return flat


def as_one(experiment: Experiment) -> dict[str, Value]:
    """Settings of several values, each in one phrase: "Gaussian noise, severity 3"; "20 trials, 5 folds"."""
    data, search = experiment.dataset, experiment.search
    return {
        "dataset.shift": worded("dataset.shift", describe(data.shift) if data.shift else None),
        "dataset.tested_on": worded("dataset.tested_on", "; ".join(map(describe, data.tested_on)) or None),
        "search": worded("search", search_words(search) if search else None),
        "tasks": "; ".join(map(task_words, experiment.tasks or HALVES)) if learns_several(experiment) else NONE,
    }


def task_words(task: TaskChoice) -> str:
    """ "first half", or "classes of Handwritten digits, 5 labels per class" of images of its own."""
    own = task.dataset
    if own is None:
        return task.labels
    few = f", {count(own.labels_per_class, 'labels')} per class" if own.labels_per_class else ""
    return f"{task.labels} of {data_title(Experiment(dataset=own))}{few}"


def search_words(search: SearchChoice) -> str:
    """E.g. "20 trials, 5 folds, of learning rate"."""
    names = ", ".join(name.replace("_", " ") for name in search.parameters)
    said = (
        "a sweep" if search.strategy == "sweep" else f"{search.trials} trials",
        "at random" if search.strategy == "random" else "",
        f"at most {search.minutes:g} min" if search.minutes else "",
        f"{search.folds} folds",
        f"of {names}" if names else "",
        *(f"{name.replace('_', ' ')} {range_words(one)}" for name, one in search.ranges.items()),
        "" if search.pruning else "none given up",
    )
    return ", ".join(words for words in said if words)


def range_words(one: RangeChoice) -> str:
    """E.g. "from 0.001 to 0.1 by equal ratios in 3 values", without what is as usual."""
    said = (
        f"from {compact(one.low)}" if one.low is not None else "",
        f"to {compact(one.high)}" if one.high is not None else "",
        {None: "", True: "by equal ratios", False: "by equal differences"}[one.log],
        f"in {one.values} values" if one.values != RangeChoice().values else "",
    )
    return " ".join(words for words in said if words)


def differences(experiments: Sequence[Experiment], grouped: bool = False) -> list[Difference]:
    """The settings on which the experiments differ, in the order of the form; grouped: leave the seed out."""
    flats = [flatten(experiment) for experiment in experiments]
    keys = list(dict.fromkeys(key for flat in flats for key in flat))
    places = list(LABELS)  # hyperparameters stand right after the method
    keys.sort(key=lambda key: places.index(key if key in LABELS else "method.name"))
    rows = [Difference(key, label(key, experiments), tuple(flat.get(key, NONE) for flat in flats)) for key in keys]
    return [row for row in rows if len(set(row.values)) > 1 and not (grouped and row.key == "seed")]


def walk(value: object, key: str, into: dict[str, Value]) -> None:
    """Collect the leaves of nested dictionaries under dotted keys."""
    if isinstance(value, dict):
        for name, inner in value.items():
            walk(inner, f"{key}.{name}" if key else name, into)
    else:
        into[key] = worded(key, value)


def worded(key: str, value: object) -> Value:
    """A setting's value as a person says it: "all" labels, "yes", 0.001."""
    if value is None:
        return WHEN_EMPTY.get(key, NONE)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(str(worded("", part)) for part in value)
    return str(value)


def shown(value: Value) -> str:
    """A value as text: short numbers, no trailing noise."""
    return compact(value) if isinstance(value, float) else str(value)


def completed(experiment: Experiment) -> Experiment:
    """With the method's defaults filled in; as it is when the method is not known to this version."""
    try:
        return complete(experiment)
    except ExperimentError:
        return experiment


def label(key: str, experiments: Sequence[Experiment]) -> str:
    """A setting's name in the form: "Labels per class", "Learning rate"."""
    if key in LABELS:
        return LABELS[key]
    if key.startswith(DATA):  # of whichever data set has it: saved settings hold those of 0.5 for all data
        known = [field for one in sets() for field in own_fields(one.Choice)]
    else:
        known = [field for one in methods_of(experiments) for field in fields_of(one)]
    name = key.removeprefix(DATA).removeprefix(HYPERPARAMETER)
    worded = name.replace("_", " ").replace(".", " ").capitalize()
    return next((field.label for field in known if field.name == name), worded)


def methods_of(experiments: Sequence[Experiment]) -> Iterable[str]:
    return dict.fromkeys(experiment.method.name for experiment in experiments)


def fields_of(name: str) -> tuple[HyperparameterField, ...]:
    """The rows of a method's form; none of a method this version does not know."""
    try:
        return fields(method(name))
    except ExperimentError:
        return ()
