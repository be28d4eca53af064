"""What is wrong between a data set, a method and a network that deal in different kinds of task. Torch-free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from engine.backbones import catalog
from engine.backbones.info import BackboneInfo
from engine.data.dataset import inside
from engine.data.sources import kind_of, sets, target_of
from engine.data.target import CLASSES, MOVES, NUMBERS, Target
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
        yield from _network(catalog.backbone(experiment.backbone.name), kind_of(experiment.dataset), inside(called))
    choice = experiment.dataset
    if target != CLASSES and (choice.classes is not None or choice.split is not None):
        yield InvalidExperiment(
            f"{called} have no classes, so there is nothing to limit or divide.",
            "Leave classes and split empty.", "dataset",
        )  # fmt: skip


def _method(chosen: type[Method], target: Target, called: str) -> Iterator[InvalidExperiment]:
    if target.kind in chosen.suits:
        return
    of_tasks = (one for one in methods() if FAMILIES[one.family].divides == "classes")
    fitting = ", ".join(one.title for one in of_tasks if target.kind in one.suits)
    if target != CLASSES:
        words = f"{_does(chosen)}, and {called} ask for {'numbers' if target == NUMBERS else 'moves'}"
        yield InvalidExperiment(f"{chosen.title} {words}.", f"Choose one of: {fitting}.", "method")
        return
    suited = " or ".join(inside(one.info.title) for one in sets() if one.drawn and one.target.kind in chosen.suits)
    words = f"{_does(chosen)}, and these data are in classes"
    yield InvalidExperiment(f"{chosen.title} {words}.", f"Choose {suited} as data, or another method.", "method")


def _does(chosen: type[Method]) -> str:
    words = {CLASSES.kind: "tells classes apart", NUMBERS.kind: "predicts numbers", MOVES.kind: "learns a policy"}
    return next(said for kind, said in words.items() if kind in chosen.suits)


def _network(info: BackboneInfo, wanted: str, called: str) -> Iterator[InvalidExperiment]:
    """wanted: what a network of these data reads."""
    if info.form.kind == wanted:
        return
    fitting = " or ".join(one.title for one in catalog.backbones() if one.form.kind == wanted)
    advice = "Choose another backbone." if wanted == "images" else f"Choose {fitting} as backbone."
    are = (
        f"these are {wanted}"
        if wanted in catalog.SIZED
        else f"{called} are {'places' if wanted == 'states' else wanted}"
    )
    reads = {"numbers": "one number", "states": "places"}.get(info.form.kind, info.form.kind)
    yield InvalidExperiment(f"{info.title} reads {reads}, and {are}.", advice, "backbone")


def precision_faults(experiment: Experiment, _: Method | None) -> Iterator[InvalidExperiment]:
    """Of meta-learning, where "automatic" is float32."""
    if experiment.precision == "bfloat16":
        yield InvalidExperiment(
            "Meta-learning needs float32: in bfloat16 the second-order gradient is far off.",
            "Choose float32 as precision.", "precision",
        )  # fmt: skip
