"""What saved runs reached from each start, to hold scores against, and which of them are starts themselves. No Qt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine import registry
from engine.backbones import catalog
from engine.comparison.intervals import Interval, mean_interval
from engine.comparison.wording import ACCURACY
from engine.errors import ExperimentError
from engine.events import RunState
from engine.experiment import BackboneChoice, DatasetChoice, Experiment
from engine.maps.eye import before_and_after
from engine.naming import method_title
from engine.registry import complete

if TYPE_CHECKING:
    from engine.advice.starts import StartingPoint
    from storage.store import RunRow

MOST_OWN = 6  # runs that are measured as starts: each costs a pass over the images


def start_key(choice: BackboneChoice) -> str:
    return f"{choice.name} {choice.weights}"


@dataclass(frozen=True)
class Trained:
    """Runs of one recipe on the same images. reached: test accuracy by start, over seeds."""

    title: str
    reached: Mapping[str, Interval] = field(default_factory=dict)


def trained(runs: Iterable[RunRow], choice: DatasetChoice) -> list[Trained]:
    """Finished runs on these images, by what they have in common but start and seed; those with most starts first."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    titles: dict[str, str] = {}
    for run in runs:
        if run.state is not RunState.FINISHED or not run.is_readable or not _is_of(run.experiment, choice):
            continue
        if run.test is None or run.test.metric != ACCURACY or not _takes_weights(run.experiment):
            continue
        recipe = recipe_of(run.experiment)
        titles[recipe] = _title(run.experiment)
        found[recipe][start_key(run.experiment.backbone)].append(run.test.value)
    all_of = [
        Trained(titles[recipe], {key: mean_interval(values) for key, values in starts.items()})
        for recipe, starts in found.items()
    ]
    return sorted(all_of, key=lambda one: -len(one.reached))


def _is_of(experiment: Experiment, choice: DatasetChoice) -> bool:
    return images_of(experiment.dataset) == images_of(choice)


def images_of(choice: DatasetChoice) -> DatasetChoice:
    """The part of a choice that scores depend on: not how many labels a run uses, nor what else it is tested on."""
    return choice.model_copy(update={"labels_per_class": None, "validation_per_class": None, "tested_on": ()})


def _takes_weights(experiment: Experiment) -> bool:
    try:
        return registry.method(experiment.method.name).uses_pretrained
    except ExperimentError:
        return False


def recipe_of(experiment: Experiment) -> str:
    """All of it but start, seed and machine, as text."""
    bare = {"backbone": BackboneChoice(), "seed": 0, "device": "cpu"}
    return complete(experiment).model_copy(update=bare).model_dump_json()


def _title(experiment: Experiment) -> str:
    """ "LP-FT, 5 labels per class"."""
    labels = experiment.dataset.labels_per_class
    words = "all labels" if labels is None else f"{labels} label{'' if labels == 1 else 's'} per class"
    return f"{method_title(experiment.method.name)}, {words}"


def own_starts(runs: Iterable[RunRow], choice: DatasetChoice) -> list[StartingPoint]:
    """The newest runs with weights that learnt from another set, as starts. runs: newest first, with their weights."""
    here = choice.name, choice.path
    other = [run for run in runs if (run.experiment.dataset.name, run.experiment.dataset.path) != here]
    return [_start(run) for run in other[:MOST_OWN]]


def _start(run: RunRow) -> StartingPoint:
    from engine.advice.starts import StartingPoint

    ended = before_and_after(run.experiment, run.uid, run.name)[1]
    parameters = catalog.backbone(run.experiment.backbone.name).parameters
    return StartingPoint(catalog.as_pretrained(ended.choice), f"Run {run.id}, {run.name}", parameters)
