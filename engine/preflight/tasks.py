"""What is wrong between a data set, a method and a network that deal in different kinds of task. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo
from engine.data.dataset import inside
from engine.data.sources import sets, target_of
from engine.data.target import CLASSES, NUMBERS, Target
from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.families import FAMILIES
from engine.method import Method
from engine.naming import data_title
from engine.registry import method, methods


def task_faults(experiment: Experiment) -> Iterator[InvalidExperiment]:
    """Every fault; a method or a network that is not known is somebody else's to name."""
    target = target_of(experiment.dataset)
    called = data_title(experiment)
    with suppress(InvalidExperiment):
        yield from _method(method(experiment.method.name), target, inside(called))
    with suppress(InvalidExperiment):
        yield from _network(catalog.backbone(experiment.backbone.name), target, inside(called))
    choice = experiment.dataset
    if target == NUMBERS and (choice.classes is not None or choice.split is not None):
        yield InvalidExperiment(
            f"{called} have no classes, so there is nothing to limit or divide.",
            "Leave classes and split empty.", "dataset",
        )  # fmt: skip


def _method(chosen: type[Method], target: Target, called: str) -> Iterator[InvalidExperiment]:
    if target.kind in chosen.suits:
        return
    of_tasks = (one for one in methods() if FAMILIES[one.family].divides == "classes")
    fitting = ", ".join(one.title for one in of_tasks if target.kind in one.suits)
    if target == NUMBERS:
        words = f"tells classes apart, and {called} ask for numbers"
        yield InvalidExperiment(f"{chosen.title} {words}.", f"Choose one of: {fitting}.", "method")
        return
    words = "predicts numbers, and these images are in classes"
    curves = " or ".join(inside(one.info.title) for one in sets() if one.curves)
    yield InvalidExperiment(f"{chosen.title} {words}.", f"Choose {curves} as data, or another method.", "method")


def _network(info: BackboneInfo, target: Target, called: str) -> Iterator[InvalidExperiment]:
    if target == NUMBERS and info.form.kind == "images":
        numbers = " or ".join(one.title for one in catalog.backbones() if one.form.kind == "numbers")
        yield InvalidExperiment(
            f"{info.title} reads images, and {called} are numbers.", f"Choose {numbers} as backbone.", "backbone"
        )
    if target == CLASSES and info.form.kind == "numbers":
        yield InvalidExperiment(
            f"{info.title} reads one number, and these are images.", "Choose another backbone.", "backbone"
        )


def precision_faults(experiment: Experiment, _: Method | None) -> Iterator[InvalidExperiment]:
    """Of meta-learning, where "automatic" is float32."""
    if experiment.precision == "bfloat16":
        yield InvalidExperiment(
            "Meta-learning needs float32: in bfloat16 the second-order gradient is far off.",
            "Choose float32 as precision.", "precision",
        )  # fmt: skip
