"""Saved runs as points in the space of weights: as they were tested, or as they were begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.artifacts.saved import SavedModel
from engine.backbones.backbone import Backbone, snapshot
from engine.backbones.info import usual_pixels
from engine.data.labelled_set import as_counted
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import BackboneChoice
from engine.naming import backbone_title
from engine.preparation.inputs import Normaliser, Preparer
from engine.provenance.seen import RUN
from engine.tuning.method import FineTuneMethod
from engine.tuning.run import build


@dataclass(frozen=True, eq=False)
class Corner:
    """A network with all its weights, head included. title: what it is called beside others. model: the run that it
    belongs to, whose own network is never changed. state: of the point. start: it is what the run began with. folder:
    of the run."""

    title: str
    model: SavedModel
    state: dict[str, Tensor]
    folder: Path
    start: bool = False


def ended(folder: Path, title: str, class_names: tuple[str, ...] = (), device: str = "cpu") -> Corner:
    """The run's weights that it was tested with; those of low-rank changes have them added in, as its own network has.

    class_names: of a run whose folder does not tell them. Raises `ExperimentError` where it keeps no weights, or tells
    no classes of its own apart.
    """
    model = SavedModel.open(folder, class_names=class_names, device=device)
    if not isinstance(model.method, FineTuneMethod):
        raise InvalidExperiment(
            f"{model.method.title} has no head for classes of its own: its loss is that of each task.",
            "Choose fine-tuning runs.",
        )
    return Corner(title, model, snapshot(model.network), folder)


def begun(end: Corner, title: str) -> Corner:
    """What the run began with: its pretrained or random trunk, and the head before it learnt anything. Raises
    `ExperimentError` where the weights that it started from are gone, or its classes are not known."""
    model = end.model
    if not model.class_names:
        raise ExperimentError(f"What the head of “{end.title}” tells apart is not known.", "Run it again.")
    assert isinstance(model.method, FineTuneMethod)
    network = build(model.experiment, model.method, model.class_names, end.folder.parent)
    return Corner(title, model, snapshot(network), end.folder, start=True)


def own_weights(one: Corner) -> BackboneChoice:
    """The run's weights as others choose them, with its head."""
    weights = f"{RUN}{one.folder.name}"
    return one.model.experiment.backbone.model_copy(update={"weights": weights, "head": "kept"})


def refuse_unlike(corners: Sequence[Corner]) -> None:
    """Raises `InvalidExperiment` where there is no straight line between these: other networks, other heads, other
    ways to read an image."""
    first = corners[0]
    for other in corners[1:]:
        if why := _unlike(first, other):
            raise InvalidExperiment(f"There is no line between “{first.title}” and “{other.title}”: {why}.", ADVICE)


ADVICE = "Choose runs of one backbone that tell the same classes apart."


def _unlike(one: Corner, other: Corner) -> str:
    """Why there is no line between two; "" where there is one."""
    a, b = one.model, other.model
    if (first := a.experiment.backbone.name) != (second := b.experiment.backbone.name):
        return f"one is a {backbone_title(first)}, the other a {backbone_title(second)}"
    told, others = as_counted(a.class_names), as_counted(b.class_names)
    if sorted(told) != sorted(others):
        return "their heads tell other classes apart"
    if told != others:
        return "their heads have the same classes in another order"
    if {key: value.shape for key, value in one.state.items()} != {k: v.shape for k, v in other.state.items()}:
        return "their weights have other shapes"
    return (
        ""
        if _read(a.reader.form) == _read(b.reader.form)
        else "they read other sizes or colours, or another vocabulary"
    )


def _read(form: Preparer) -> tuple[object, ...]:
    wanted = (form.wanted or usual_pixels(form.channels)) if isinstance(form, Normaliser) else form.tokenizer
    return form.size, form.channels, wanted, form.cut


def learnt(network: Backbone) -> tuple[str, ...]:
    """Names of what a network learns, which are its place in the space of weights; statistics are none of it."""
    return tuple(name for name, _ in network.named_parameters())


def apart(corners: Sequence[Corner]) -> frozenset[str]:
    """Names of the batch-norm layers whose running statistics are not the same in all corners.

    Between corners that share them they are the constants that all of them learnt with, and stay.
    """
    keys = [key for key in corners[0].state if key.endswith(("running_mean", "running_var"))]
    first, rest = corners[0].state, corners[1:]
    unlike = (key for key in keys if any(not torch.equal(first[key], one.state[key]) for one in rest))
    return frozenset(key.rpartition(".")[0] for key in unlike)
