"""Opens an exported folder again, as a thing that answers like the run that it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.artifacts.saved import Adapted, InputReader, SavedModel, fitting
from engine.artifacts.weights import read_weights
from engine.backbones.info import Pixels
from engine.backbones.own.exported import AGAIN, WEIGHTS, refuse_changed
from engine.data.cutting import Cut
from engine.data.files.grey import Levels
from engine.data.files.read_as import ReadAs
from engine.errors import InvalidExperiment, StorageError
from engine.experiment import parse_experiment
from engine.export import config
from engine.export.config import CLASSES, ExportConfig
from engine.export.material import SUPPORT, TARGETS
from engine.machine.devices import torch_device
from engine.meta.learner import MetaLearner
from engine.preparation.inputs import Normaliser
from engine.registry import build_method, complete
from engine.using import calibration
from engine.using.assured import Assured
from engine.using.predictions import Judges, Predicts

UNMEASURED = "shares of classes given by example; how often such answers are right was not measured"


@dataclass(frozen=True, eq=False)
class OpenedFolder:
    """model: the network and how images come to it. answering: what says the classes, which are `classes` in order.
    words: what its answers rest on."""

    title: str
    model: SavedModel
    answering: Predicts | Judges
    classes: tuple[str, ...]
    words: str


def open_folder(folder: Path, device: str = "cpu") -> OpenedFolder:
    """Raises `StorageError` for a folder that is none or was edited, `InvalidExperiment` for an encoder, which has no
    classes, `WeightsError`."""
    said = config.read(folder)
    refuse_changed(folder, said.files)
    if said.kind == "encoder":
        raise InvalidExperiment(
            f"“{folder}” holds an encoder alone, which knows no classes.", "Export its run with --classes."
        )
    model = saved_model(said, folder, device)
    title = str(said.facts.get("name", folder.name))
    if said.kind == "classifier":
        sure = Assured(model, calibration.read(folder))
        return OpenedFolder(title, model, sure, said.classes, sure.words)
    return OpenedFolder(title, model, by_example(model, folder, len(said.classes)), said.classes, UNMEASURED)


def saved_model(said: ExportConfig, folder: Path, device: str) -> SavedModel:
    """As the run's own folder would give it, in float32, with the preparation that was written down."""
    experiment = complete(parse_experiment(dict(said.experiment)))
    method = build_method(experiment)
    if isinstance(method, MetaLearner):
        method = method.with_choice(said.facts["settled"])
    network = fitting(experiment, method, read_weights(folder / WEIGHTS)).to(torch_device(device)).eval()
    reader = InputReader(experiment, torch_device(device), stated(said.preparation))
    return SavedModel(experiment, method, network, said.classes, reader, False, read_as(said.read_as))


def stated(preparation: Mapping[str, Any]) -> Normaliser:
    said = preparation["cut"]
    cut = Cut(said["interpolation"], said["crop"], said["mode"], tuple(said["fill"]))
    wanted = Pixels(tuple(preparation["mean"]), tuple(preparation["std"]))
    return Normaliser(preparation["size"], preparation["channels"], wanted, cut)


def read_as(said: Mapping[str, Any]) -> ReadAs:
    return ReadAs(tuple(Levels(**one) for one in said["scales"]), said["inverted"])


def by_example(model: SavedModel, folder: Path, way: int) -> Adapted:
    """The meta-learner with the classes that it was exported with."""
    method, network = model.method, model.network
    assert isinstance(method, MetaLearner)
    shown = {key: value.to(model.reader.device) for key, value in read_weights(folder / CLASSES).items()}
    if not {SUPPORT, TARGETS} <= set(shown):
        raise StorageError(f"“{folder}” does not hold its classes.", AGAIN)
    with torch.no_grad():
        classify = method.classify_features(network, shown[SUPPORT], shown[TARGETS], way)
    return Adapted(lambda images: classify(method.embed(network, images)), model.reader, False)
