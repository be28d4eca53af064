"""From the command line to a plan: a file, a preset, or one experiment from flags; then what the flags change in it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.data.dataset import BUNDLED, HERE, Start
from engine.data.sources import checked, dataset, datasets, known, resolve
from engine.errors import InvalidExperiment, nearest
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, parse_experiment
from engine.families import FAMILIES
from engine.given import MOST_SEEDS, is_file, is_there
from engine.plan import Plan, load_plan, preset, presets, with_seeds
from engine.registry import complete, method, usual_values
from ui.command.settings import settings_from
from ui.command.table import EVERY, one_experiment, put_in, refuse_foreign, typed


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
    given = ["--data"] if chosen.data is not None else []
    given += [f"--{flag.name}" for flag in one_experiment() if flag.typed(chosen) is not None]
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
    name, backbone = chosen.method or start.method, chosen.backbone or usual_network(start)
    weights = chosen.weights or usual_weights(backbone, name)
    usual = usual_values(start, name, BackboneChoice(name=backbone, weights=weights))
    settings = settings_from(chosen.settings, name, block_names(backbone), usual)
    body = {
        "dataset": data,
        "backbone": {"name": backbone, "weights": weights},
        "method": {"name": name, "hyperparameters": settings},
    }
    found = tuple(typed(chosen, one_experiment()))
    refuse_foreign(found, data["name"])
    put_in(body, found)
    limit_others(body)
    experiment = parse_experiment(body)
    return experiment if chosen.preparation else experiment.model_copy(update={"backbone": usual_cut(experiment)})


def limit_others(body: dict[str, Any]) -> None:
    """As few labels per class as the experiment's own images have for those of other tasks, unless they say theirs."""
    few = body["dataset"].get("labels_per_class")
    for task in body.get("tasks", ()):
        if few is not None and "dataset" in task:
            task["dataset"] = {"labels_per_class": few} | task["dataset"]


def usual_cut(experiment: Experiment) -> BackboneChoice:
    """The network with images prepared as new runs have them."""
    from engine.backbones import catalog

    return catalog.as_pretrained(experiment.backbone)


def block_names(backbone: str) -> tuple[str, ...]:
    from engine.backbones import catalog

    return catalog.backbone(backbone).block_names


def usual_network(start: Start) -> str:
    """What such data are begun with: a pretrained network where its weights are here."""
    from engine.backbones import catalog

    return catalog.begins(start.backbone, start.rather)


def usual_weights(backbone: str, method_name: str) -> str:
    """Pretrained weights for fine-tuning where there are any; random ones to train from scratch or to meta-train."""
    from engine.backbones import catalog

    chosen = method(method_name)
    starts_pretrained = chosen.uses_pretrained and FAMILIES[chosen.family].divides == "images"
    catalog.backbone(backbone)
    return catalog.default_weights(backbone) if starts_pretrained else "random"


def dataset_from(given: str) -> dict[str, Any]:
    """The data set of this name where it is here, or the folder or zip at this path; raises `ExperimentError`."""
    here = [info.name for info in datasets() if info.where in (BUNDLED, HERE)]
    if given in here:
        return {"name": given}
    if is_there(given):
        found = resolve(given)
        return {"name": found.name, "path": found.path}
    if (source := known(given)) is not None:
        if source.download:
            checked(DatasetChoice(name=given))
        raise InvalidExperiment(
            f"The folder of {source.files or source.info.title} is not said.",
            "Give the folder or zip itself: --data FOLDER.", "dataset",
        )  # fmt: skip
    raise InvalidExperiment(
        f"“{given}” is neither a data set nor a folder or zip that exists.", nearest(given, here), "dataset"
    )


def changed_by_flags(experiment: Experiment, chosen: argparse.Namespace) -> Experiment:
    """The experiment with --device, --precision, the time limit and the search flags put in, validated again."""
    body, found = experiment.model_dump(), tuple(typed(chosen, EVERY))
    how = [flag for flag, _ in found if flag.place.startswith("search.")]
    if how and body["search"] is None:
        if how[0].name != "search":
            raise InvalidExperiment(f"--{how[0].name} says how to search, but nothing is searched.", "Add --search.")
        body["search"] = {}
    before = (body["search"] or {}).get("ranges", {})
    put_in(body, found)
    if chosen.search_range is not None:
        body["search"]["ranges"] = {**before, **dict(body["search"]["ranges"])}
    return parse_experiment(body)


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
