"""The line for the terminal that gives the same experiment: what `flags` reads, written."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from engine import registry
from engine.backbones.catalog import as_pretrained
from engine.data.sources import dataset
from engine.experiment import Experiment, MethodChoice
from engine.layers import Edits
from engine.registry import complete, fields, method
from ui.command.arguments import program
from ui.command.table import EVERY, given, one_experiment, task_words

PREPARATION, TASKS = "backbone.preparation", "tasks"


def command_for(experiments: Sequence[Experiment], name: str = "", workspace: Path | None = None) -> str:
    """One line, or one for each seed where they do not count from 0; `experiments` differ in their seed only, and have
    every hyperparameter. workspace: where the runs shall be kept, None for where they usually are."""
    seeds = [experiment.seed for experiment in experiments]
    first = experiments[0]
    if len(seeds) > 1 and seeds == list(range(len(seeds))):
        return _line(first, ["--seeds", str(len(seeds))], name, workspace)
    return "\n".join(_line(one, ["--seed", str(one.seed)] if one.seed else [], name, workspace) for one in experiments)


def usual_workspace() -> Path:
    return Path(user_data_path("Warmstart", appauthor=False))


def _line(experiment: Experiment, seeds: list[str], name: str, workspace: Path | None) -> str:
    path = experiment.dataset.path
    if path and not Path(path).is_absolute():
        path = f"./{path}"  # no name of a data set
    words = [*program().split(), "run", *given("--data", path or experiment.dataset.name)]
    flags = (flag for flag in one_experiment() if flag.place != PREPARATION or not _usually_prepared(experiment))
    words += [word for flag in flags if flag.place != TASKS for word in flag.words(experiment)]
    words += _tasks(experiment)
    words += [word for setting in _settings(experiment) for word in ("--set", setting)]
    words += [word for flag in EVERY for word in flag.words(experiment)]
    return shlex.join([*words, *seeds, *given("--name", name or None), *given("--workspace", workspace)])


def _tasks(experiment: Experiment) -> list[str]:
    """With the labels of further images, where they are not those of the experiment's own."""
    few = experiment.dataset.labels_per_class
    return [f"--{TASKS}", *(task_words(task, few) for task in experiment.tasks)] if experiment.tasks else []


def _usually_prepared(experiment: Experiment) -> bool:
    return as_pretrained(experiment.backbone) == experiment.backbone


def _settings(experiment: Experiment) -> Iterator[str]:
    """KEY=VALUE of what differs from what the terminal takes without a word."""
    chosen = experiment.method
    usual = usual_values(experiment)
    kinds = {field.name: field.kind for field in fields(method(chosen.name))}
    for key, value in chosen.hyperparameters.items():
        if key == "layers":
            yield from _changes(value, usual.get(key, {}))
        elif value != usual.get(key):
            yield f"{key}={value if kinds.get(key) == 'choice' else json.dumps(value)}"


def usual_values(experiment: Experiment) -> Mapping[str, Any]:
    """A method's own hyperparameters, with those that are usual for such data."""
    name = experiment.method.name
    start = dataset(experiment.dataset.name).start
    own = MethodChoice(name=name, hyperparameters=registry.usual_values(start, name, experiment.backbone))
    return complete(experiment.model_copy(update={"method": own})).method.hyperparameters


def _changes(edits: Edits, usual: Edits) -> Iterator[str]:
    """Cells that differ from the usual ones; all of them where a usual one was taken back."""
    cells, known = dict(_cells(edits)), dict(_cells(usual))
    kept = known.keys() <= cells.keys()
    yield from () if kept else ["layers=none"]
    yield from (f"layers.{cell}={value}" for cell, value in cells.items() if not kept or known.get(cell) != value)


def _cells(edits: Edits) -> Iterator[tuple[str, str]]:
    """("stage1.rate", "0.1") of each."""
    for block, cells in edits.items():
        yield from ((f"{block}.{column}", json.dumps(value)) for column, value in cells.items())
