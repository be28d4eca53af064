"""What is wrong between a data set, a method and a network that deal in different kinds of task. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo
from engine.data.dataset import inside
from engine.data.sources import is_regression, sets
from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.families import FAMILIES
from engine.method import Method
from engine.naming import data_title
from engine.registry import method, methods


def task_faults(experiment: Experiment) -> Iterator[InvalidExperiment]:
    """Every fault; a method or a network that is not known is somebody else's to name."""
    regression = is_regression(experiment.dataset)
    called = data_title(experiment)
    with suppress(InvalidExperiment):
        yield from _method(method(experiment.method.name), regression, inside(called))
    with suppress(InvalidExperiment):
        yield from _network(catalog.backbone(experiment.backbone.name), regression, inside(called))
    choice = experiment.dataset
    if regression and (choice.classes is not None or choice.split is not None):
        yield InvalidExperiment(
            f"{called} have no classes, so there is nothing to limit or divide.",
            "Leave classes and split empty.", "dataset",
        )  # fmt: skip


def _method(chosen: type[Method], regression: bool, called: str) -> Iterator[InvalidExperiment]:
    kind = "regression" if regression else "classification"
    if kind in chosen.suits:
        return
    of_tasks = (one for one in methods() if FAMILIES[one.family].divides == "classes")
    fitting = ", ".join(one.title for one in of_tasks if kind in one.suits)
    if regression:
        words = f"tells classes apart, and {called} ask for numbers"
        yield InvalidExperiment(f"{chosen.title} {words}.", f"Choose one of: {fitting}.", "method")
        return
    words = "predicts numbers, and these images are in classes"
    curves = " or ".join(inside(one.info.title) for one in sets() if one.curves)
    yield InvalidExperiment(f"{chosen.title} {words}.", f"Choose {curves} as data, or another method.", "method")


def _network(info: BackboneInfo, regression: bool, called: str) -> Iterator[InvalidExperiment]:
    if regression and info.form.kind == "images":
        numbers = " or ".join(one.title for one in catalog.backbones() if one.form.kind == "numbers")
        yield InvalidExperiment(
            f"{info.title} reads images, and {called} are numbers.", f"Choose {numbers} as backbone.", "backbone"
        )
    if not regression and info.form.kind == "numbers":
        yield InvalidExperiment(
            f"{info.title} reads one number, and these are images.", "Choose another backbone.", "backbone"
        )


def precision_faults(experiment: Experiment, _: Method | None) -> Iterator[InvalidExperiment]:
    """Of meta-learning."""
    if experiment.precision != "float32":
        yield InvalidExperiment(
            "Meta-learning needs float32: in bfloat16 the second-order gradient is far off.",
            "Choose float32 as precision.", "precision",
        )  # fmt: skip
