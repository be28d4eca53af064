"""A fine-tuning run from the experiment to the test figure."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.backbones.backbone import Backbone, parameter_count
from engine.backbones.weights import build_backbone
from engine.checkpoints import Checkpoints, kept
from engine.comparison.intervals import wilson
from engine.data.images import ImageSet
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_images
from engine.devices import torch_device
from engine.events import Evaluated, Event, Notice, Preparing, RunStarted
from engine.experiment import Experiment
from engine.fine_tuning import FineTuning
from engine.inputs import Labelled, Normaliser, decode, normaliser, positions
from engine.learners import batches
from engine.limits import Limits, heeding, last_words
from engine.methods.base import HEAD, FineTuneMethod


@dataclass(frozen=True)
class Material:
    """What a supervised run works on."""

    data: ImageSet
    split: ImageSplit
    train: Labelled
    validation: Labelled
    test: Labelled
    shape: Normaliser

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.data.class_names[c] for c in self.split.classes)


def run_supervised(experiment: Experiment, method: FineTuneMethod, directory: Path, limits: Limits) -> Iterator[Event]:
    """Read, build, train, test. Raises `ExperimentError` for what a person can mend."""
    device = torch_device(experiment.device)
    material = yield from heeding(limits, read_material(experiment, device))
    model = build(experiment, method, len(material.split.classes), directory.parent).to(device)
    checkpoints = Checkpoints(directory)
    training = tuning(experiment, method, model, material, checkpoints, limits)
    yield RunStarted(training.total_steps, training.steps_per_epoch, training.batch_size, facts(training, material))
    yield from few_images_notice(material)
    limits.start()
    yield from kept(training, checkpoints)
    weights = select_weights(model, method, checkpoints, training.epoch)
    yield from test(model, material, experiment, weights, training.bf16)
    yield from last_words(limits, training.step, training.total_steps, f"{training.epoch} of {method.epochs} epochs")


def read_material(experiment: Experiment, device: torch.device) -> Generator[Preparing, None, Material]:
    """Yields `Preparing`, returns the decoded images of the three parts."""
    yield Preparing("Reading the data set")
    data = load(experiment.dataset)
    split = split_images(data, experiment.dataset, experiment.seed)
    shape = normaliser(experiment.backbone)
    parts: list[Labelled] = []
    for text, ids in (("training", split.train), ("validation", split.validation), ("test", split.test)):
        labelled = yield from _labelled(data, ids, split.classes, shape, device, f"Reading {text} images")
        parts.append(labelled)
    train, validation, test = parts
    return Material(data, split, train, validation, test, shape)


def _labelled(
    data: ImageSet, ids: np.ndarray, classes: np.ndarray, shape: Normaliser, device: torch.device, text: str
) -> Generator[Preparing, None, Labelled]:
    pixels = yield from decode(data, ids, shape, device, text)
    return Labelled(pixels, positions(data.labels[ids], classes).to(device), ids)


def build(experiment: Experiment, method: FineTuneMethod, classes: int, runs: Path) -> Backbone:
    return build_backbone(experiment.backbone, classes, experiment.seed, runs, method.uses_pretrained)


def tuning(
    experiment: Experiment,
    method: FineTuneMethod,
    model: Backbone,
    material: Material,
    checkpoints: Checkpoints,
    limits: Limits,
) -> FineTuning:
    return FineTuning(
        model, method, material.train, material.validation, material.shape, checkpoints, limits,
        seed=experiment.seed, bf16=experiment.precision == "bfloat16",
    )  # fmt: skip


def facts(training: FineTuning, material: Material) -> dict[str, Any]:
    """What the window shows beside a run."""
    model = training.model
    last = training.method.groups(model.block_names, training.method.epochs - 1)
    return {
        "family": "finetune",
        "classes": len(material.split.classes),
        "training images": len(material.train),
        "validation images": len(material.validation),
        "test images": len(material.test),
        "trainable parameters": sum(parameter_count(model.block(name)) for name in last),
        "parameters": parameter_count(model),
        "head parameters": parameter_count(model.block(HEAD)),
        "split": material.split.description,
        "data": material.data.fingerprint,
    }


def few_images_notice(material: Material) -> Iterator[Notice]:
    if not len(material.validation):
        yield Notice("There are no validation images: the last epoch is tested.", "warning")
    if len(material.data.skipped):
        yield Notice(f"{len(material.data.skipped)} files of the data set were skipped.", "warning")


def select_weights(model: Backbone, method: FineTuneMethod, checkpoints: Checkpoints, epoch: int) -> str:
    """Load the weights to be tested into the model and say which they are."""
    if method.hyperparameters.tested == "last epoch" or checkpoints.best is None:
        return f"last epoch ({epoch})"
    model.load_state_dict(checkpoints.best)
    return "best validation epoch"


@torch.no_grad()
def test(
    model: Backbone, material: Material, experiment: Experiment, weights: str, bf16: bool
) -> Iterator[Preparing | Evaluated]:
    """Predict every test image once, in eval mode; the interval is Wilson's over images."""
    model.eval()
    predicted = []
    for part in batches(len(material.test)):
        yield Preparing("Testing", part.start / len(material.test))
        with torch.autocast(material.test.pixels.device.type, torch.bfloat16, enabled=bf16):
            predicted.append(model(material.shape(material.test.pixels[part])).argmax(1).cpu())
    guess, truth = torch.cat(predicted).numpy(), material.test.labels.cpu().numpy()
    correct = int((guess == truth).sum())
    found = wilson(correct, len(truth))
    yield Evaluated(
        "test/accuracy", found.value, found.low, found.high, found.n, "images",
        protocol(material, experiment, weights),
        ids=material.test.ids.astype(np.int64), truth=truth.astype(np.int16), predicted=guess.astype(np.int16),
        class_names=material.class_names,
    )  # fmt: skip


def protocol(material: Material, experiment: Experiment, weights: str) -> dict[str, str]:
    """What it takes to believe the figure."""
    return {
        "split": material.split.description,
        "split seed": str(experiment.dataset.split_seed),
        "batch norm": "running statistics",
        "interval": "95 % Wilson, over test images",
        "weights": weights,
        "validation": f"{len(material.validation)} images",
        "data": material.data.fingerprint,
    }
