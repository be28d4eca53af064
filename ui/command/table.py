"""The flags that describe an experiment, each said once: how it is declared, what it sets, how it is written again."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from engine.data.dataset import inside
from engine.data.shifts import KINDS, parse_shift
from engine.data.sources import dataset, known, resolve, sets
from engine.errors import InvalidExperiment, nearest, shown
from engine.experiment import (
    DatasetChoice,
    Experiment,
    LabelSet,
    Precision,
    Preparation,
    RangeChoice,
    SearchChoice,
    Shift,
    Split,
    Strategy,
    TaskChoice,
)
from engine.given import is_there
from engine.registry import HyperparameterField, own_fields

SHIFTS = ", ".join(kind.replace(" ", "-") for kind in KINDS)
HALVES = {"source": "source half", "target": "target half"}
RANGE = re.compile(r"(?P<name>\w+)=(?P<low>[^:]*):(?P<high>[^:]*)(:(?P<values>[0-9]{0,4}))?(:(?P<steps>log|linear))?")
SETTING = re.compile(r"[a-z_-]+=.*")  # of a task's own images
ALL = "all"  # labels per class of a task's own images, where the experiment has few
STEPS = {None: None, "log": True, "linear": False}
TAKEN = frozenset({"data", "set", "seed", "seeds", "worker", "workspace", "json", "dry-run", "help"})
TYPES = {"int": int, "float": float, "text": str}


@dataclass(frozen=True)
class Flag:
    """--name sets `place`, a field of the experiment or "part.field". more: as argparse has it.

    read, write: from what is typed to a value and back; of several each. always: written also where it is as usual.
    """

    name: str
    place: str
    help: str
    more: Mapping[str, Any] = field(default_factory=dict)
    read: Callable[[Any], Any] = lambda typed: typed
    write: Callable[[Any], str] = str
    always: bool = False

    def typed(self, chosen: argparse.Namespace) -> Any:
        return getattr(chosen, self.name.replace("-", "_"))

    def words(self, experiment: Experiment) -> list[str]:
        """As it is typed for this experiment, empty where it need not be."""
        name, _, key = self.place.rpartition(".")
        part = getattr(experiment, name) if name else experiment
        value = getattr(part, key, None)
        if value is None or (value == type(part).model_fields[key].default and not self.always):
            return []
        if "nargs" in self.more and isinstance(value, tuple | dict):
            several = value.items() if isinstance(value, dict) else value
            return [f"--{self.name}", *map(self.write, several)] if several else []
        if "const" in self.more and "nargs" not in self.more:
            return [f"--{self.name}"] if value == self.more["const"] else []
        return given(f"--{self.name}", self.write(value))


def given(flag: str, value: object) -> list[str]:
    """The flag with its value, which is no flag where it begins with a dash; nothing for None."""
    if value is None:
        return []
    return [f"{flag}={value}"] if str(value).startswith("-") else [flag, str(value)]


def range_from(words: str) -> tuple[str, dict[str, Any]]:
    """ "learning_rate=1e-4:1e-2:5" -> the range of that name; parts may be empty or left out. Raises
    `InvalidExperiment`."""
    found = RANGE.fullmatch(words)
    try:
        low, high = (float(end) if end else None for end in found.group("low", "high")) if found else ("", "")
    except ValueError:
        found = None
    if found is None:
        raise InvalidExperiment(
            f"“{shown(words)}” is no range.",
            "Give KEY=LOW:HIGH, KEY=LOW:HIGH:VALUES or KEY=LOW:HIGH:VALUES:log, such as learning_rate=1e-4:1e-2:5.",
            "search",
        )
    values = {"values": int(found["values"])} if found["values"] else {}
    return found["name"], {"low": low, "high": high, "log": STEPS[found["steps"]], **values}


def range_words(named: tuple[str, RangeChoice]) -> str:
    """ "learning_rate=0.0001:0.01:5:log"."""
    name, one = named
    ends = ["" if end is None else repr(end) for end in (one.low, one.high)]
    steps = next(words for words, log in STEPS.items() if log == one.log)
    return f"{name}={':'.join([*ends, str(one.values), *([steps] if steps else [])])}"


def shift_words(shift: Shift) -> str:
    return f"{shift.kind.replace(' ', '-')}:{shift.severity}"


def task_from(words: str) -> dict[str, Any]:
    """ "first-half", "glyphs:classes" or "glyphs:classes:split-seed=1" -> a task; raises `InvalidExperiment`."""
    words, own = apart(words)
    data, _, asked = words.rpartition(":")
    labels = asked.replace("-", " ")
    if labels not in get_args(LabelSet):
        questions = [one.replace(" ", "-") for one in get_args(LabelSet)]
        raise InvalidExperiment(f"“{shown(asked)}” is no question.", nearest(asked, questions), "tasks")
    body: dict[str, Any] = {"labels": labels}
    if data:
        found = resolve(data) if known_path(data) else dataset(data)
        path = {"path": found.path} if isinstance(found, DatasetChoice) else {}
        body["dataset"] = {"name": found.name} | path | settings_of(found.name, own)
    elif own:
        raise InvalidExperiment(
            f"“{shown(own[0])}” is a setting of images, and the task asks of the experiment's own.",
            "Name its images before the question, as DATA:QUESTION:KEY=VALUE.", "tasks",
        )  # fmt: skip
    return body


def apart(words: str) -> tuple[str, list[str]]:
    """A task's data and question, and its KEY=VALUE parts."""
    parts = words.split(":")
    first = next((place for place in range(1, len(parts)) if SETTING.fullmatch(parts[place])), len(parts))
    return ":".join(parts[:first]), parts[first:]


def settings_of(name: str, own: Sequence[str]) -> dict[str, Any]:
    """ "split-seed=1" of a data set's choice; raises `InvalidExperiment` for what it has not."""
    known_keys = [key for key in known_choice(name).model_fields if key not in ("name", "path", "shift", "tested_on")]
    found: dict[str, Any] = {}
    for one in own:
        key, _, value = one.partition("=")
        if (key := key.replace("-", "_")) not in known_keys:
            raise InvalidExperiment(
                f"“{shown(key)}” is no setting of a task's images.", nearest(key, known_keys), "tasks"
            )
        found[key] = None if value == ALL else value
    return found


def known_choice(name: str) -> type[DatasetChoice]:
    return dataset(name).Choice


def known_path(given: str) -> bool:
    """Whether this is the path of a folder or zip, and no data set's name."""
    return known(given) is None and is_there(given)


def task_words(task: TaskChoice, few: int | None = None) -> str:
    """As `task_from` reads it. few: labels per class of the experiment's own images, which hold for others too unless
    these say how many they have."""
    asked, choice = task.labels.replace(" ", "-"), task.dataset
    if choice is None:
        return asked
    said = choice.model_dump(exclude={"name", "path", "shift", "tested_on", "labels_per_class"}, exclude_defaults=True)
    if choice.labels_per_class != few:
        said["labels_per_class"] = ALL if choice.labels_per_class is None else choice.labels_per_class
    own = [f"{key.replace('_', '-')}={value}" for key, value in said.items()]
    return ":".join([choice.path or choice.name, asked, *own])


NAME, N, M = {"metavar": "NAME"}, {"type": int, "metavar": "N"}, {"type": float, "metavar": "M"}
WEIGHTS = "what it starts from, also run:NUMBER of a saved run; default: pretrained if any"
PREPARED = "plain: images resized wholly, as before 0.10; own (default): resized and cut as the weights state it"
KEPT = "keep the head that comes with the weights of a saved run"
KEEPS = "after each epoch, measure how well it still tells the classes of the run whose weights it starts from"
ALONG = "also keep the weights after epochs 1, 2, 4, 8, …, which are the run's path in the plane between runs"
TASKS = "several tasks for one network: what is asked of the images (classes, groups, first-half, second-half, \
which-half), or DATA:QUESTION of other images, with settings of these as DATA:QUESTION:split-seed=1"
TESTED = "test on shifted test images as well, which it never learns from"
NETWORK = (
    Flag("backbone", "backbone.name", "the network; default conv4", NAME, always=True),
    Flag("weights", "backbone.weights", WEIGHTS, NAME, always=True),
    Flag("keep-head", "backbone.head", KEPT, {"action": "store_const", "const": "kept"}),
    Flag("what-it-keeps", "backbone.what_it_keeps", KEEPS, {"action": "store_const", "const": "each epoch"}),
    Flag("image-size", "backbone.image_size", "pixels on a side; default: the backbone's own", N),
    Flag("preparation", "backbone.preparation", PREPARED, {"choices": get_args(Preparation)}, always=True),
    Flag("method", "method.name", "how it learns; default lp_ft", NAME, always=True),
    Flag("labels-per-class", "dataset.labels_per_class", "labelled training images per class", N),
    Flag("classes", "dataset.classes", "use only N classes", N),
)
DIVISION = (
    Flag("tasks", "tasks", TASKS, {"nargs": "+", "metavar": "QUESTION"}, task_from, task_words),
    Flag("split", "dataset.split", "how images or classes are divided; default: the method's own way",
         {"choices": get_args(Split)}),
    Flag("split-seed", "dataset.split_seed", "seed of the division into parts; default 0", {**N, "metavar": "S"}),
    Flag("part", "dataset.part", "use one half of the images of each class", {"choices": tuple(HALVES)},
         HALVES.__getitem__, lambda half: half.split()[0]),
    Flag("validation-per-class", "dataset.validation_per_class", "at most N validation images per class", N),
    Flag("leave-out", "dataset.leave_out", "test without copies of training images, or also without look-alikes",
         {"choices": ("copies", "look-alikes")}),
    Flag("listed", "dataset.listed", "exactly the images that a folder held with this fingerprint", NAME),
    Flag("shift", "dataset.shift", f"shift every image; N from 1 to 5, KIND one of {SHIFTS}", {"metavar": "KIND:N"},
         parse_shift, shift_words),
    Flag("tested-on", "dataset.tested_on", TESTED, {"nargs": "+", "metavar": "KIND:N"}, parse_shift, shift_words),
)  # fmt: skip
EVERY = (
    Flag("device", "device", "cpu, cuda:0, cuda:all, mps, cluster (see: list devices)", NAME),
    Flag("precision", "precision", "numbers to train with; default float32", {"choices": get_args(Precision)}),
    Flag("along-the-way", "checkpoints", ALONG, {"action": "store_const", "const": "along the way"}),
    Flag("minutes", "budget.minutes", "stop training after M minutes and evaluate", M),
    Flag("instead-of-epochs", "budget.instead_of_epochs",
         "with --minutes: train exactly that long, however many epochs", {"action": "store_const", "const": True}),
    Flag("search", "search.trials",
         "first choose the best of so many settings (20) by cross-validation on the training images",
         {"type": int, "nargs": "?", "const": SearchChoice().trials, "metavar": "SETTINGS"}, always=True),
    Flag("folds", "search.folds", "folds of the search; default 5", N),
    Flag("no-giving-up", "search.pruning", "finish every setting, also one that is behind after some folds",
         {"action": "store_const", "const": False}),
    Flag("search-over", "search.parameters", "hyperparameters to search; default: the method's usual ones",
         {"nargs": "+", "metavar": "KEY"}),
    Flag("search-strategy", "search.strategy",
         "how settings are proposed; a sweep tries every combination; default bayesian",
         {"choices": get_args(Strategy)}),
    Flag("search-minutes", "search.minutes", "end the search after M minutes", M),
    Flag("search-range", "search.ranges",
         "where to look for a hyperparameter, and how many values of it a sweep tries (3)",
         {"nargs": "+", "metavar": "KEY=LOW:HIGH[:VALUES[:log]]"}, range_from, range_words),
)  # fmt: skip


def own() -> tuple[Flag, ...]:
    """Of the settings that one data set or another has for itself."""
    found = {setting.name: setting for one in sets() for setting in own_fields(one.Choice)}
    return tuple(map(_own, found.values()))


def _own(setting: HyperparameterField) -> Flag:
    """What is on without a word has a flag that turns it off; a name that is taken says that it is of the data."""
    name = setting.name.replace("_", "-")
    more: dict[str, Any] = {"type": TYPES.get(setting.kind), "metavar": name[0].upper()}
    if setting.kind == "bool":
        name = f"no-{name}" if setting.default else name
        more = {"action": "store_const", "const": not setting.default}
    elif setting.kind == "choice":
        more = {"choices": setting.choices}
    if name in TAKEN | {flag.name for flag in (*NETWORK, *DIVISION, *EVERY)}:
        name = f"data-{name}"
    return Flag(name, f"dataset.{setting.name}", inside(setting.help).removesuffix("."), more)


def one_experiment() -> tuple[Flag, ...]:
    """Those that say what one experiment is, besides its data and its hyperparameters."""
    return (*NETWORK, *own(), *DIVISION)


def declare(group: argparse._ActionsContainer, flags: Sequence[Flag]) -> None:
    for flag in flags:
        group.add_argument(f"--{flag.name}", help=flag.help, **flag.more)


def typed(chosen: argparse.Namespace, flags: Sequence[Flag]) -> Iterator[tuple[Flag, Any]]:
    """The flags that were given, each with the value it sets; raises `InvalidExperiment`."""
    for flag in flags:
        if (value := flag.typed(chosen)) is not None:
            yield flag, [flag.read(one) for one in value] if isinstance(value, list) else flag.read(value)


def put_in(body: dict[str, Any], found: Sequence[tuple[Flag, Any]]) -> None:
    """What was typed into an experiment's body."""
    for flag, value in found:
        part, _, key = flag.place.rpartition(".")
        (body[part] if part else body)[key] = value


def refuse_foreign(found: Sequence[tuple[Flag, Any]], name: str) -> None:
    """Raise `InvalidExperiment` for a setting of another data set than the one of this name."""
    chosen = dataset(name)
    for flag, _ in found:
        of = [one for one in sets() if flag.place.partition(".")[2] in one.Choice.own()]
        if of and chosen not in of:
            titles = " and ".join(one.info.title for one in of)
            raise InvalidExperiment(
                f"--{flag.name} is a setting of {titles}, not of {chosen.info.title}.",
                "Leave it out, or choose other data.", "dataset",
            )  # fmt: skip
