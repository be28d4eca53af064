"""A plan: one or more experiments to run together, read from a file or from the bundled presets. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

import resources
from engine.errors import InvalidExperiment, called
from engine.experiment import Experiment, Seed, explain, parse_experiment
from engine.frozen import Frozen
from engine.given import MOST_RUNS, MOST_SEEDS, read_json

PRESETS = Path(resources.__path__[0]) / "presets"


@dataclass(frozen=True, slots=True)
class Plan:
    """Experiments to run one after another, with a name for the command line and words for the person.

    Arms come seed by seed (all arms of the first seed first), so that a plan that is stopped early can still be
    compared in pairs.
    """

    name: str
    title: str
    description: str
    experiments: tuple[Experiment, ...]


class PlanFile(Frozen):
    """The study form of a plan file: experiments that share a list of seeds."""

    name: str = ""
    title: str = ""
    description: str = ""
    experiments: list[dict[str, Any]] = Field(min_length=1)
    seeds: list[Seed] = Field(default_factory=list, max_length=MOST_SEEDS)


def with_seeds(experiments: list[Experiment], seeds: list[int]) -> tuple[Experiment, ...]:
    """Every experiment with every seed, seed by seed; the experiments as they are where no seed is given."""
    if len(experiments) * max(1, len(seeds)) > MOST_RUNS:
        runs = f"{len(experiments) * max(1, len(seeds)):,}"
        raise InvalidExperiment(f"These are {runs} runs.", f"At most {MOST_RUNS:,} can be asked for at once.", "seeds")
    if not seeds:
        return tuple(experiments)
    return tuple(experiment.with_seed(seed) for seed in seeds for experiment in experiments)


def parse_plan(data: object, name: str) -> Plan:
    """A plan from decoded JSON: a bare experiment, {"experiment", "seeds"} or {"experiments", "seeds", …}.

    name: used where the data has none. Raises `InvalidExperiment` with one sentence for the first fault.
    """
    if not isinstance(data, dict):
        raise InvalidExperiment(
            f"“{name}” is not an experiment.", "Write a JSON object; `run … --dry-run` prints one to start from."
        )
    if "experiment" in data:
        data = {**{k: v for k, v in data.items() if k != "experiment"}, "experiments": [data["experiment"]]}
    if "experiments" not in data:
        return Plan(name, name, "", (parse_experiment(data),))
    try:
        study = PlanFile.model_validate(data)
        experiments = with_seeds([parse_experiment(body) for body in study.experiments], study.seeds)
    except ValidationError as error:
        raise InvalidExperiment(*explain(error)) from None
    return Plan(study.name or name, study.title or study.name or name, study.description, experiments)


def load_plan(path: Path) -> Plan:
    """The plan in a JSON file; raises `InvalidExperiment` when it cannot be read or understood."""
    return parse_plan(read_json(path), path.stem)


@cache
def presets() -> tuple[Plan, ...]:
    """The bundled plans, the demo first, then by name."""
    plans = [load_plan(path) for path in PRESETS.glob("*.json")]
    return tuple(sorted(plans, key=lambda plan: (plan.name != "demo", plan.name)))


def preset(name: str) -> Plan:
    """The bundled plan of this name; raises `InvalidExperiment` with the nearest spelling."""
    return called(name, {plan.name: plan for plan in presets()}, "preset")


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """The plan as a file holds it, every experiment written out; `parse_plan` reads it back."""
    experiments = [experiment.told() for experiment in plan.experiments]
    if len(experiments) == 1:
        return {"experiment": experiments[0]}
    return {"name": plan.name, "title": plan.title, "description": plan.description, "experiments": experiments}
