"""Which network answers by hand, as plain data, and how it is opened."""

from __future__ import annotations

from pathlib import Path

from engine.artifacts.saved import SavedModel
from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.errors import InvalidExperiment, called
from engine.experiment import BackboneChoice, Experiment
from engine.frozen import Frozen
from engine.heads.catalog import HEADS
from engine.heads.head import Head
from engine.preparation.inputs import normaliser
from engine.using.by_hand import HeadLearner, TaskLearner, of_run
from engine.using.calibration import read

HANDED = (1, 3)  # channels of the images that people hand in, and 1 of texts


class Answering(Frozen):
    """A saved run, or a backbone with weights. run: uid; "" for a backbone. head: by name, what answers on features; a
    meta-learner answers in its own way."""

    run: str = ""
    backbone: BackboneChoice | None = None
    head: str = HEADS[0].name


def open_answering(
    chosen: Answering, runs: Path, experiment: Experiment | None = None, title: str = ""
) -> TaskLearner | HeadLearner:
    """runs: the folder of saved runs. experiment: of a run whose folder does not tell it. title: of the run. Raises
    `ExperimentError` where weights are missing or the network reads neither images nor texts."""
    head = head_of(chosen.head)
    if chosen.run:
        folder = runs / chosen.run
        return of_run(SavedModel.open(folder, experiment), head, title or f"run {chosen.run}", read(folder))
    if chosen.backbone is None:
        raise InvalidExperiment("Neither a run nor a backbone is chosen.", "Choose one.")
    return on_backbone(chosen.backbone, head, runs)


def on_backbone(choice: BackboneChoice, head: Head, runs: Path) -> HeadLearner:
    """A head on a backbone that stays frozen; raises `ExperimentError`."""
    info = catalog.backbone(choice.name)
    if info.form.kind not in ("images", "texts") or info.form.channels not in HANDED:
        raise InvalidExperiment(
            f"{info.title} reads neither image files nor texts.", "Choose a backbone that reads images or texts."
        )
    network = build_backbone(choice.model_copy(update={"head": "new"}), None, 0, runs).eval()
    return HeadLearner(network, head, f"{head.title} on {info.title}", normaliser(choice))


def head_of(name: str) -> Head:
    """Raises `InvalidExperiment` with the nearest spelling."""
    return called(name, {head.name: head for head in HEADS}, "head")
