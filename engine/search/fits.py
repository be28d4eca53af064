"""One fit of cross-validation: a fresh network from the same weights, trained by the ordinary loop on one fold."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.artifacts.bookmark import Bookmark
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.backbones.precision import rounded
from engine.errors import Diverged
from engine.events import Preparing
from engine.experiment import Experiment
from engine.layers import HEAD
from engine.machine.choices import Choices
from engine.machine.draws import own_draws
from engine.machine.limits import Limits
from engine.preparation.inputs import Labelled, Normaliser, Preparer, picked, reading
from engine.registry import build_as
from engine.search.folds import TrainingFold
from engine.tuning.learners import batches, embed
from engine.tuning.material import Material
from engine.tuning.method import FineTuneMethod
from engine.tuning.objective import ADVICE
from engine.tuning.run import build, tuning

SAY_EVERY = 0.1  # seconds between two words of a fit


class AsTheyAre(Normaliser):
    """Features need no normalisation."""

    def __call__(self, pixels: Tensor) -> Tensor:
        return pixels


def head_only(method: FineTuneMethod, blocks: tuple[str, ...]) -> bool:
    """True when nothing but the head ever learns and images stay as they are: they are embedded once for all fits."""
    learning = {block for block, row in method.table(blocks).items() if row.rate > 0}
    return learning == {HEAD} and method.hyperparameters.augmentation == "none"


@dataclass(frozen=True)
class FoldFits:
    """Fits settings on folds of the training images; no other image is in reach of a fit.

    train, shape: the images, or their features where `trunkless`, the head alone, is what learns. choices: the run's,
    so that a fit is computed by what the run is.
    """

    material: Material
    runs: Path
    train: Labelled
    shape: Preparer
    trunkless: Backbone | None
    choices: Choices | None = None

    def model(self, experiment: Experiment, method: FineTuneMethod) -> Backbone:
        """A fresh network: the same weights and the same new head for every fit."""
        if self.trunkless is not None:
            return copy.deepcopy(self.trunkless)
        return build(experiment, method, self.material.class_names, self.runs).to(self.material.train.device)

    def score(
        self, experiment: Experiment, fold: TrainingFold, limits: Limits, text: str, begin: float, share: float
    ) -> Generator[Preparing, None, float | None]:
        """Accuracy on the held-out images after the last epoch; None when the limits cut it short.

        Says `text` with a fraction that goes from `begin` by `share`. Raises `Diverged`.
        """
        method = build_as(FineTuneMethod, self._without_trunk(experiment))
        train, none = part(self.train, fold.train), part(self.train, fold.train[:0])
        material = replace(self.material, train=train, validation=none, test=none, further=(), shape=self.shape)
        model = self.model(experiment, method)
        nowhere = Checkpoints(self.runs, Bookmark(choices=self.choices))
        training = tuning(experiment, method, model, material, nowhere, limits)
        said = time.monotonic()
        for _ in training.events():
            if time.monotonic() - said >= SAY_EVERY:
                said = time.monotonic()
                done = limits.fraction if limits.only_time else training.epoch / max(1, method.epochs)
                yield Preparing(text, begin + share * done)
        if limits.asked_to_stop:
            return None
        return right_share(model, part(self.train, fold.held_out), self.shape, training.bf16)

    def _without_trunk(self, experiment: Experiment) -> Experiment:
        """Changes to the table of blocks that are not there say nothing about the head."""
        values = experiment.method.hyperparameters
        if self.trunkless is None or not values.get("layers"):
            return experiment
        head = {block: cells for block, cells in values["layers"].items() if block == HEAD}
        chosen = experiment.method.model_copy(update={"hyperparameters": {**values, "layers": head}})
        return experiment.model_copy(update={"method": chosen})


def fold_fits(
    experiment: Experiment, material: Material, runs: Path, same_blocks: bool, choices: Choices | None = None
) -> Generator[Preparing, None, FoldFits]:
    """Yields `Preparing` while images are embedded, where the head alone learns. same_blocks: whatever the setting."""
    method, classes = build_as(FineTuneMethod, experiment), material.class_names
    model = build(experiment, method, classes, runs).to(material.train.device)
    if not (same_blocks and head_only(method, model.block_names)):
        yield from reading(material.train.inputs, "Reading the training set")
        return FoldFits(material, runs, material.train, material.shape, None, choices)
    features = []
    for chunk in batches(len(material.train)):
        yield Preparing("Embedding with the frozen blocks", chunk.start / len(material.train))
        features.append(embed(model, material.shape(material.train.inputs[chunk])))
    train = Labelled(torch.cat(features), material.train.labels, material.train.ids)
    with own_draws():
        trunkless = Backbone({}, model.features, len(classes)).to(train.device)
    trunkless.head.load_state_dict(model.head.state_dict())
    return FoldFits(material, runs, train, AsTheyAre(0, 0), trunkless, choices)


def part(labelled: Labelled, positions: np.ndarray) -> Labelled:
    """These images of the training set."""
    chosen = torch.from_numpy(positions)
    return Labelled(picked(labelled.inputs, chosen), labelled.labels_of(chosen), labelled.ids[positions])


@torch.no_grad()
def right_share(model: Backbone, labelled: Labelled, shape: Preparer, bf16: bool) -> float:
    """Share of these images whose class is predicted, in eval mode; raises `Diverged` for scores that are none."""
    model.eval()
    right = 0
    for chunk in batches(len(labelled)):
        with rounded(model, bf16):
            logits = model(shape(labelled.inputs[chunk]))
        if not bool(logits.isfinite().all()):
            raise Diverged("The scores of what was left out are not numbers.", ADVICE)
        right += int((logits.argmax(1) == labelled.labels[chunk]).sum())
    return right / len(labelled)
