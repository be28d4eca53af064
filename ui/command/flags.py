"""From the command line to a plan: a file, a preset, or one experiment from flags; then what the flags change in it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from engine.data.shifts import parse_shift
from engine.data.sources import dataset, datasets, known, resolve
from engine.errors import InvalidExperiment, nearest, shown
from engine.experiment import Experiment, parse_experiment
from engine.families import FAMILIES
from engine.given import MOST_SEEDS, is_file, is_there
from engine.plan import Plan, load_plan, preset, presets, with_seeds
from engine.registry import complete, method, usual_values
from ui.command.data_flags import data_flags, own_settings
from ui.command.settings import settings_from

SINGLE = (
    "data", "backbone", "weights", "image_size", "keep_head", "method", "labels_per_class", "classes", "part",
    "validation_per_class", "shift", "tested_on", "split", "split_seed",
)  # fmt: skip
HALVES = {"source": "source half", "target": "target half"}


def plan_from(chosen: argparse.Namespace) -> Plan:
    """The plan to run, every hyperparameter written out; raises `InvalidExperiment` with one sentence."""
    plan = named_plan(chosen) if chosen.plan else Plan("", "", "", (experiment_from(chosen),))
    changed = [changed_by_flags(experiment, chosen) for experiment in plan.experiments]
    if seeds := seeds_from(chosen):
        changed = list(with_seeds(without_seeds(changed), seeds))
    experiments = tuple(complete(experiment) for experiment in changed)
    return Plan(plan.name, plan.title, plan.description, experiments)


def named_plan(chosen: argparse.Namespace) -> Plan:
    """The preset or the file that was named; flags that describe another experiment are refused."""
    given = [f"--{name.replace('_', '-')}" for name in (*SINGLE, *data_flags()) if getattr(chosen, name) is not None]
    given += ["--set"] if chosen.settings else []
    if given:
        raise InvalidExperiment(
            f"“{chosen.plan}” already says what to run, so {given[0]} cannot be used with it.",
            "Leave one of them out, or save the experiment with --dry-run and edit the file.",
        )
    if chosen.plan in {plan.name for plan in presets()}:
        return preset(chosen.plan)
    if chosen.plan.endswith(".json") or is_file(chosen.plan):
        return load_plan(Path(chosen.plan))
    return preset(chosen.plan)


def experiment_from(chosen: argparse.Namespace) -> Experiment:
    data = dataset_from(chosen.data or "glyphs")
    start = dataset(data["name"]).start
    name, backbone = chosen.method or start.method, chosen.backbone or start.backbone
    settings = usual_values(start, name) | settings_from(chosen.settings, name, block_names(backbone))
    body = {
        "dataset": {
            **data,
            "labels_per_class": chosen.labels_per_class,
            "classes": chosen.classes,
            "part": HALVES[chosen.part] if chosen.part else None,
            "validation_per_class": chosen.validation_per_class,
            "shift": parse_shift(chosen.shift) if chosen.shift else None,
            "tested_on": tuple(parse_shift(text) for text in chosen.tested_on or ()),
            "split": chosen.split,
            **({} if chosen.split_seed is None else {"split_seed": chosen.split_seed}),
            **own_settings(chosen, data["name"]),
        },
        "backbone": {
            "name": backbone,
            "weights": chosen.weights or usual_weights(backbone, name),
            "head": "kept" if chosen.keep_head else "new",
            "image_size": chosen.image_size,
        },
        "method": {"name": name, "hyperparameters": settings},
    }
    return parse_experiment(body)


def block_names(backbone: str) -> tuple[str, ...]:
    from engine.backbones import catalog

    return catalog.backbone(backbone).block_names


def usual_weights(backbone: str, method_name: str) -> str:
    """Pretrained weights for fine-tuning where there are any; random ones to train from scratch or to meta-train."""
    from engine.backbones import catalog

    chosen = method(method_name)
    starts_pretrained = chosen.uses_pretrained and FAMILIES[chosen.family].divides == "images"
    catalog.backbone(backbone)
    return catalog.default_weights(backbone) if starts_pretrained else "random"


def dataset_from(given: str) -> dict[str, Any]:
    """The bundled data set of this name, or the folder or zip at this path; raises `ExperimentError`."""
    bundled = [info.name for info in datasets() if info.where == "bundled"]
    if given in bundled:
        return {"name": given}
    if is_there(given):
        found = resolve(given)
        return {"name": found.name, "path": found.path}
    if (source := known(given)) is not None:
        raise InvalidExperiment(
            f"The folder of {source.files or source.info.title} is not said.",
            "Give the folder or zip itself: --data FOLDER.", "dataset",
        )  # fmt: skip
    raise InvalidExperiment(
        f"“{given}” is neither a data set nor a folder or zip that exists.", nearest(given, bundled), "dataset"
    )


def changed_by_flags(experiment: Experiment, chosen: argparse.Namespace) -> Experiment:
    """The experiment with --device, --precision, the time limit and the search flags put in, validated again."""
    body = experiment.model_dump()
    if chosen.device is not None:
        body["device"] = chosen.device
    if chosen.precision is not None:
        body["precision"] = chosen.precision
    if chosen.minutes is not None:
        body["budget"] = {**body["budget"], "minutes": chosen.minutes}
    if chosen.instead_of_epochs:
        body["budget"] = {**body["budget"], "instead_of_epochs": True}
    body["search"] = search_from(chosen, body["search"])
    return parse_experiment(body)


SEARCH_FLAGS = {
    "search": "trials", "folds": "folds", "search_over": "parameters", "search_strategy": "strategy",
    "search_minutes": "minutes", "search_range": "ranges", "no_giving_up": "pruning",
}  # fmt: skip
RANGE = re.compile(r"(?P<name>\w+)=(?P<low>[^:]*):(?P<high>[^:]*)(:(?P<values>[0-9]{0,4}))?(:(?P<steps>log|linear))?")
STEPS = {None: None, "log": True, "linear": False}


def search_from(chosen: argparse.Namespace, given: dict[str, Any] | None) -> dict[str, Any] | None:
    """The experiment's search with --search and the flags that say how put in; those need a search."""
    said = {name: getattr(chosen, flag) for flag, name in SEARCH_FLAGS.items()}
    said = {name: value for name, value in said.items() if value is not None}
    if given is None and said and "trials" not in said:
        flag = next(flag for flag, name in SEARCH_FLAGS.items() if name in said)
        raise InvalidExperiment(
            f"--{flag.replace('_', '-')} says how to search, but nothing is searched.", "Add --search."
        )
    if "ranges" in said:
        said["ranges"] = {**(given or {}).get("ranges", {}), **dict(range_from(words) for words in said["ranges"])}
    return {**(given or {}), **said} if given or said else None


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


def seeds_from(chosen: argparse.Namespace) -> list[int]:
    """The seeds that --seed or --seeds names; empty where neither is given. Raises `InvalidExperiment`."""
    if chosen.seed is not None and chosen.seeds is not None:
        raise InvalidExperiment(
            "--seed is one seed and --seeds how many there are, so they cannot be used together.",
            "Leave one of them out.",
        )
    if chosen.seeds is not None and chosen.seeds < 1:
        words = f"--seeds is {chosen.seeds}, but at least one seed is needed."
        raise InvalidExperiment(words, "Give a number from 1 up.")
    if (chosen.seeds or 0) > MOST_SEEDS:
        raise InvalidExperiment(f"--seeds is {chosen.seeds}.", f"Give a number from 1 to {MOST_SEEDS:,}.")
    if chosen.seed is not None:
        return [chosen.seed]
    return list(range(chosen.seeds or 0))


def without_seeds(experiments: list[Experiment]) -> list[Experiment]:
    """One experiment per configuration, in order."""
    return list({experiment.group_hash(): experiment for experiment in reversed(experiments)}.values())[::-1]
