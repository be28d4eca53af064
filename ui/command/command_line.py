"""The line for the terminal that gives the same experiment: what `flags` reads, written."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from engine import registry
from engine.data.sources import dataset
from engine.experiment import DatasetChoice, Experiment, MethodChoice, RangeChoice, SearchChoice, Shift
from engine.registry import complete, fields, method
from ui.command.arguments import program
from ui.command.data_flags import own_words
from ui.command.flags import HALVES, STEPS

DATA, SEARCH = DatasetChoice(), SearchChoice()


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
    words = [*program().split(), "run", *_data(experiment.dataset)]
    words += _given("--backbone", experiment.backbone.name) + _given("--weights", experiment.backbone.weights)
    words += ["--keep-head"] if experiment.backbone.head == "kept" else []
    words += _given("--image-size", experiment.backbone.image_size)
    words += _given("--method", experiment.method.name)
    words += [word for setting in _settings(experiment) for word in ("--set", setting)]
    words += [*_how(experiment), *seeds, *_given("--name", name or None)]
    return shlex.join([*words, *_given("--workspace", workspace)])


def _given(flag: str, value: object, usual: object = None) -> list[str]:
    """The flag with its value, nothing where it is the usual one; a value with a dash at its start is no flag."""
    if value == usual:
        return []
    return [f"{flag}={value}"] if str(value).startswith("-") else [flag, str(value)]


def _data(data: DatasetChoice) -> list[str]:
    path = data.path
    if path and not Path(path).is_absolute():
        path = f"./{path}"  # no name of a data set
    words = _given("--data", path or data.name)
    words += _given("--labels-per-class", data.labels_per_class) + _given("--classes", data.classes)
    words += _given("--split", data.split) + _given("--split-seed", data.split_seed, DATA.split_seed)
    words += _given("--part", next((short for short, part in HALVES.items() if part == data.part), None))
    words += _given("--validation-per-class", data.validation_per_class)
    words += _given("--shift", _shift(data.shift) if data.shift else None)
    words += ["--tested-on", *(_shift(shift) for shift in data.tested_on)] if data.tested_on else []
    own = (_given(flag, value) if value is not None else [flag] for flag, value in own_words(data))
    return words + [word for setting in own for word in setting]


def _shift(shift: Shift) -> str:
    return f"{shift.kind.replace(' ', '-')}:{shift.severity}"


def _how(experiment: Experiment) -> list[str]:
    words = _given("--device", experiment.device, "cpu") + _given("--precision", experiment.precision, "float32")
    words += _given("--minutes", experiment.budget.minutes)
    words += ["--instead-of-epochs"] if experiment.budget.instead_of_epochs else []
    return words + (_search(experiment.search) if experiment.search is not None else [])


def _search(search: SearchChoice) -> list[str]:
    words = ["--search", str(search.trials), *_given("--folds", search.folds, SEARCH.folds)]
    words += _given("--search-strategy", search.strategy, SEARCH.strategy)
    words += _given("--search-minutes", search.minutes)
    words += ["--search-over", *search.parameters] if search.parameters else []
    words += ["--search-range", *starmap(_range, search.ranges.items())] if search.ranges else []
    return words + ([] if search.pruning else ["--no-giving-up"])


def _range(name: str, one: RangeChoice) -> str:
    """ "learning_rate=0.0001:0.01:5:log"."""
    ends = ["" if end is None else repr(end) for end in (one.low, one.high)]
    steps = next(words for words, log in STEPS.items() if log == one.log)
    return f"{name}={':'.join([*ends, str(one.values), *([steps] if steps else [])])}"


def _settings(experiment: Experiment) -> Iterator[str]:
    """KEY=VALUE of what differs from what the terminal takes without a word."""
    chosen = experiment.method
    usual = usual_values(experiment)
    kinds = {field.name: field.kind for field in fields(method(chosen.name))}
    for key, value in chosen.hyperparameters.items():
        if key == "layers":
            yield from (f"layers.{cell}" for cell in _cells(value))
        elif value != usual.get(key):
            yield f"{key}={value if kinds.get(key) == 'choice' else json.dumps(value)}"


def usual_values(experiment: Experiment) -> Mapping[str, Any]:
    """A method's own hyperparameters, with those that are usual for such data."""
    name = experiment.method.name
    own = MethodChoice(name=name, hyperparameters=registry.usual_values(dataset(experiment.dataset.name).start, name))
    return complete(experiment.model_copy(update={"method": own})).method.hyperparameters


def _cells(edits: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for block, cells in edits.items():
        yield from (f"{block}.{column}={json.dumps(value)}" for column, value in cells.items())
