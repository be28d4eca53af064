"""A saved run's network that says how sure it is, and when an image or text is unlike all that it learnt."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.artifacts.saved import SavedModel, tested_file
from engine.backbones.backbone import batch_norms
from engine.comparison.temperature import probabilities, temperature_of
from engine.comparison.unlike import Learnt, threshold_of
from engine.comparison.wording import percent
from engine.data.files.read_as import ReadAs
from engine.data.labelled_set import LabelledSet
from engine.errors import DataError, ExperimentError
from engine.events import Preparing
from engine.heads.nearest_mean import unit
from engine.preparation.inputs import Preparer
from engine.using import calibration as kept
from engine.using.calibration import Calibration, digest_of, measured
from engine.using.nearest import gallery
from engine.using.own_images import own_images, passed
from engine.using.predictions import Judged, form_of, names_of
from engine.using.where_it_looked import Heat, looked

MOST = 5_000  # validation images that a temperature is fitted on, and test images that it is measured on
PLAIN = "probabilities as its network gives them, which are often too sure"


@dataclass(frozen=True, eq=False)
class Assured:
    """model: as it was saved. calibration: None where there is none; why: then, in a sentence. learnt: what its
    training images are like, without which nothing is none of the classes."""

    model: SavedModel
    calibration: Calibration | None
    learnt: Learnt | None = None
    why: str = ""

    @property
    def form(self) -> Preparer:
        return form_of(self.model)

    @property
    def read_as(self) -> ReadAs:
        return self.model.read_as

    @property
    def classes(self) -> tuple[str, ...]:
        return names_of(self.model)

    @property
    def words(self) -> str:
        """What its answers rest on: "probabilities calibrated on 396 validation images, of which 5.1 % would be called
        none of these"."""
        if self.calibration is not None:
            refused = f", of which {percent(self.calibration.refusal.rate)} would be called none of these"
            return f"probabilities {self.calibration.rests_on}{refused if self.learnt else ''}"
        return f"{PLAIN}: {self.why}" if self.why else PLAIN

    def features(self, inputs: Tensor) -> NDArray[np.float32]:
        found: NDArray[np.float32] = self.model.seen(inputs)[0].cpu().numpy()
        return found

    def looked(self, pixels: Tensor, place: int) -> Heat:
        return looked(self.model, pixels, place)

    def logits(self, inputs: Tensor) -> Tensor:
        return self.model.seen(inputs)[1]

    def judge(self, inputs: Tensor | LabelledSet) -> Judged:
        """Of each image its probabilities and how unlike what was learnt it is."""
        features, logits = (found.cpu().numpy() for found in self.model.seen(inputs))
        if self.calibration is None:
            return Judged(torch.from_numpy(logits).softmax(1).numpy())
        shares = probabilities(logits, self.calibration.temperature).astype("float32")
        if self.learnt is None:
            return Judged(shares)
        found = self.learnt.unlikeness(unit(features))
        return Judged(shares, found, found > self.calibration.refusal.threshold)


def assured(model: SavedModel, folder: Path) -> Generator[Preparing, None, Assured]:
    """Yields `Preparing`, returns the model with its calibration: as it lies in the folder, else measured and kept
    there. Without the images it has none. Raises `InvalidExperiment` for a meta-learner."""
    model.refuse_tasks()
    found = kept.read(folder)
    try:
        known = yield from gallery(model, folder)
        learnt = Learnt(known.features)
        if found is None:
            found = yield from calibrated(model, folder, learnt)
            kept.keep(found, folder)
    except ExperimentError as error:
        return Assured(model, found, None, error.message)
    return Assured(model, found, learnt)


def calibrated(model: SavedModel, folder: Path, learnt: Learnt) -> Generator[Preparing, None, Calibration]:
    """Yields `Preparing`, returns the calibration by the run's own images. Raises `ExperimentError` where they cannot
    be had, or the run has no validation images."""
    material = yield from own_images(model, folder)
    if not len(material.validation):
        what = f"validation {model.what}"
        raise DataError(f"The run has no {what} to calibrate by.", f"Run it with {what}.")
    chosen = yield from passed(model, material.validation, MOST, f"Calibrating on the validation {model.what}")
    tested = yield from passed(model, material.test, MOST, f"Measuring on the test {model.what}")
    temperature = temperature_of(chosen.logits, chosen.labels)
    file = tested_file(folder, model.method)
    conditions = {
        "split": material.split.description,
        "split seed": str(model.experiment.dataset.split_seed),
        "seed": str(model.experiment.seed),
        "batch norm": "running statistics" if next(batch_norms(model.network), None) else "none in the network",
        "data": material.data.fingerprint,
    }
    return Calibration(
        (file.name, digest_of(file)), temperature, len(chosen),
        *measured(tested.logits, tested.labels, temperature),
        threshold_of(learnt.unlikeness(unit(chosen.features))), conditions, model.what,
    )  # fmt: skip
