"""Opens an exported folder again, as a thing that answers like the run that it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.artifacts.saved import TOGETHER, InputReader, SavedModel, fitting
from engine.artifacts.weights import read_weights
from engine.backbones import encoders
from engine.backbones.info import Pixels
from engine.backbones.own.exported import AGAIN, WEIGHTS
from engine.comparison.unlike import Learnt
from engine.data.cutting import Cut
from engine.data.files.grey import Levels
from engine.data.files.read_as import ReadAs
from engine.errors import StorageError
from engine.experiment import parse_experiment
from engine.export import config
from engine.export.config import CLASSES, LEARNT, PIECES, ExportConfig
from engine.export.graph import FEATURES
from engine.export.kept import scoring
from engine.export.material import SUPPORT, TARGETS, Forward
from engine.machine.devices import torch_device
from engine.meta.learner import MetaLearner
from engine.preparation.inputs import Normaliser, Pieces, Preparer
from engine.registry import build_method, complete
from engine.texts.own import LYING
from engine.using import calibration
from engine.using.answerer import Answerer
from engine.using.answering import head_of
from engine.using.assured import Assured
from engine.using.calibration import Calibration
from engine.using.predictions import Judged, form_of
from engine.using.where_it_looked import Heat, covered

UNMEASURED = "shares of classes given by example; how often such answers are right was not measured"
OTHERWISE = "how sure it may be of tasks of another shape was not measured"


@dataclass(frozen=True, eq=False)
class ByExample:
    """A network with the classes that it was exported with. model: how images come to it. way: from prepared images to
    features, and from these to logits. calibration: how sure it may be of tasks, None where that was not measured."""

    model: SavedModel
    way: Forward
    classes: tuple[str, ...]
    calibration: Calibration | None = None

    @property
    def words(self) -> str:
        return f"shares {self.calibration.rests_on}; {OTHERWISE}" if self.calibration else UNMEASURED

    @property
    def form(self) -> Preparer:
        return form_of(self.model)

    @property
    def read_as(self) -> ReadAs:
        return self.model.read_as

    def judge(self, inputs: Tensor) -> Judged:
        temperature = self.calibration.temperature if self.calibration else 1.0
        return Judged((self.logits(inputs) / temperature).softmax(1).numpy())

    @torch.no_grad()
    def features(self, inputs: Tensor) -> NDArray[np.float32]:
        return torch.cat([part.float().flatten(1).cpu() for part in self._embedded(inputs)]).numpy()

    def looked(self, pixels: Tensor, place: int) -> Heat:
        return covered(self.logits, pixels, place)

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        assert self.way.classify is not None
        return torch.cat([self.way.classify(part).float().cpu() for part in self._embedded(inputs)])

    def _embedded(self, inputs: Tensor) -> Iterator[Tensor]:
        """As many together as a run's own test has, and one alone twice, as `engine.using.kept_features` does it."""
        for part in inputs.to(self.model.reader.device).split(TOGETHER):
            shown = part if len(part) > 1 else part.expand(2, *[-1] * (part.dim() - 1))
            yield self.way.embed(self.model.reader.prepared(shown))[: len(part)]


@dataclass(frozen=True, eq=False)
class OpenedFolder:
    """title: what the run was called."""

    title: str
    answerer: Answerer


def open_folder(folder: Path, device: str = "cpu") -> OpenedFolder:
    """Raises `StorageError` for a folder that is none or was edited, `InvalidExperiment` for an encoder, which has no
    classes, `WeightsError`."""
    said = config.whole(folder)
    model = saved_model(said, folder, device)
    sure = calibration.read(folder)
    if said.kind == "classifier":
        return OpenedFolder(said.title, Assured(model, sure, learnt_in(said, folder)))
    return OpenedFolder(said.title, ByExample(model, way_of(said, model, folder), said.classes, sure))


def learnt_in(said: ExportConfig, folder: Path) -> Learnt | None:
    """What the training images are like, without which nothing is none of the classes."""
    return Learnt(read_weights(folder / LEARNT)[FEATURES].numpy()) if LEARNT in said.files else None


def saved_model(said: ExportConfig, folder: Path, device: str) -> SavedModel:
    """As the run's own folder would give it, in float32, with the preparation that was written down."""
    if "encoder" in said.facts:
        encoders.look_at(encoders.OwnEncoder(**said.facts["encoder"]))
    experiment = complete(parse_experiment(dict(said.experiment)))
    method = build_method(experiment)
    if isinstance(method, MetaLearner):
        method = method.with_choice(said.facts["settled"])
    network = fitting(experiment, method, read_weights(folder / WEIGHTS)).to(torch_device(device)).eval()
    reader = InputReader(experiment, torch_device(device), stated(said.preparation, folder))
    return SavedModel(experiment, method, network, said.classes, reader, False, read_as(said.read_as))


def stated(preparation: Mapping[str, Any], folder: Path) -> Preparer:
    if preparation.get("kind") == Pieces.what:
        cutter = str((folder / PIECES).absolute())
        return Pieces(preparation["size"], f"{LYING}{cutter}" if (folder / PIECES).is_file() else "words")
    said = preparation["cut"]
    cut = Cut(said["interpolation"], said["crop"], said["mode"], tuple(said["fill"]))
    wanted = Pixels(tuple(preparation["mean"]), tuple(preparation["std"]))
    return Normaliser(preparation["size"], preparation["channels"], wanted, cut)


def read_as(said: Mapping[str, Any]) -> ReadAs:
    return ReadAs(tuple(Levels(**one) for one in said["scales"]), said["inverted"])


def way_of(said: ExportConfig, model: SavedModel, folder: Path) -> Forward:
    """The meta-learner, or the head, with the classes that it was exported with."""
    method, network, way = model.method, model.network, len(said.classes)
    shown = {key: value.to(model.reader.device) for key, value in read_weights(folder / CLASSES).items()}
    if not {SUPPORT, TARGETS} <= set(shown):
        raise StorageError(f"“{folder}” does not hold its classes.", AGAIN)
    if head := said.facts.get("head"):
        on_processor = {key: value.cpu() for key, value in shown.items()}
        return Forward(network.embed, scoring(head_of(head), on_processor, way))
    assert isinstance(method, MetaLearner)
    with torch.no_grad():
        classify = method.classify_features(network, shown[SUPPORT], shown[TARGETS], way)
    return Forward(lambda images: method.embed(network, images), classify)
