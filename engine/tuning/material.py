"""What a supervised run works on: images, shifted if asked for, in three parts and further test sets."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.data.findings import Finding
from engine.data.images import ImageSet
from engine.data.labelled_set import LabelledSet
from engine.data.shifts import shifted_background, shifted_labels
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_images
from engine.events import Preparing
from engine.experiment import Experiment, Shift
from engine.forgetting.measured import SourceWatch
from engine.forgetting.source import read_source
from engine.preparation.inputs import Inputs, Labelled, Preparer, images, normaliser, positions


@dataclass(frozen=True)
class Material:
    """further: the test images once more under each shift that they are also tested on; None is no shift, which tells
    what a kept head forgets of its old images while it adapts to shifted ones. findings: what must be known of the
    images and of what the weights have met before. watch: what becomes of what the weights knew, where that is asked
    for."""

    data: LabelledSet
    split: ImageSplit
    train: Labelled
    validation: Labelled
    test: Labelled
    shape: Preparer
    further: tuple[tuple[Shift | None, Labelled], ...] = ()
    shift: Shift | None = None
    findings: tuple[Finding, ...] = ()
    watch: SourceWatch | None = None

    @property
    def background(self) -> int:
        """Value outside the training images, 0..255, as their shift leaves it; 0 of anything else."""
        plain = self.data.background if isinstance(self.data, ImageSet) else 0
        return plain if self.shift is None else shifted_background(plain, self.shift)

    @property
    def inputs(self) -> tuple[Inputs, ...]:
        """All of its images, in the order in which a run first needs them."""
        further = (labelled.inputs for _, labelled in self.further)
        return self.train.inputs, self.validation.inputs, self.test.inputs, *further

    @property
    def class_names(self) -> tuple[str, ...]:
        return tuple(self.data.class_names[c] for c in self.split.classes)


@dataclass(frozen=True)
class Reading:
    """How images of one run are read."""

    data: LabelledSet
    classes: np.ndarray
    shape: Preparer
    device: torch.device
    split_seed: int

    def labelled(self, ids: np.ndarray, shift: Shift | None) -> Labelled:
        """These images and their labels under this shift."""
        pixels = images(self.data, ids, self.shape, self.device, shift)
        labels = positions(self.data.labels[ids], self.classes)
        if shift is not None:
            labels = torch.from_numpy(shifted_labels(labels.numpy(), len(self.classes), shift, self.split_seed))
        return Labelled(pixels, labels.to(self.device), ids)


def read_material(experiment: Experiment, device: torch.device) -> Generator[Preparing, None, Material]:
    """Yields `Preparing`, returns the images, which are read later. Raises `DataError` and `InvalidExperiment`."""
    yield Preparing("Reading the data set")
    choice = experiment.dataset
    data = load(choice)
    split = split_images(data, choice, experiment.seed)
    reading = Reading(data, split.classes, normaliser(experiment.backbone), device, choice.split_seed)
    train, validation, test = (
        reading.labelled(ids, choice.shift) for ids in (split.train, split.validation, split.test)
    )
    forgets = choice.shift is not None and experiment.backbone.head == "kept"
    shifts = (*([None] if forgets else []), *choice.tested_on)
    further = tuple((shift, reading.labelled(split.test, shift)) for shift in shifts)
    return Material(data, split, train, validation, test, reading.shape, further, choice.shift)


def watching(material: Material, experiment: Experiment, runs: Path) -> Generator[Preparing, None, Material]:
    """Yields `Preparing`, returns the material with what tells how well the source is still known, where that is asked
    for. Raises as `read_source`."""
    if experiment.backbone.what_it_keeps == "not measured":
        return material
    learns = np.concatenate([material.split.train, material.split.validation])
    device = material.train.device
    source = yield from read_source(experiment.backbone, runs, material.data.contents[learns], device)
    return replace(material, watch=SourceWatch(source))
