"""The run that another starts from: its head, test images that it never learnt from, and images for a fresh probe."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.artifacts.saved import experiment_of
from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import Backbone
from engine.data.labelled_set import LabelledSet, as_counted
from engine.data.shifts import shifted_labels
from engine.data.sources import load
from engine.data.splits import ImageSplit, split_images
from engine.errors import DataError, InvalidExperiment, StorageError
from engine.events import Preparing
from engine.experiment import BackboneChoice, Experiment
from engine.families import FINE_TUNING, family
from engine.preparation.inputs import Labelled, images, normaliser, positions, reading
from engine.provenance.seen import RUN, Digests, learnt_from, past

MOST_TESTED = 500  # test images of the source: a pass over them costs little beside an epoch
MOST_PROBED = 1000  # training images of the source that a fresh probe learns from
NO_SOURCE = "What a run keeps can be measured where it starts from a fine-tuned run that tells classes apart."
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SourceRun:
    """network: as it was saved, with its own head, which tells `classes` apart. test, probe: images of the source as it
    read them; never trained on, and for a fresh probe. tested_of: how many test images the source has. avoided: those
    of them that this run learns from, which are left out."""

    title: str
    network: Backbone
    classes: tuple[str, ...]
    test: Labelled
    probe: Labelled
    experiment: Experiment
    tested_of: int
    avoided: int

    @property
    def words(self) -> str:
        """ "500 of 812 test images of the run it started from"."""
        of = (
            f"{len(self.test):,} of {self.tested_of:,}"
            if len(self.test) < self.tested_of
            else f"all {len(self.test):,}"
        )
        left = f", without {self.avoided:,} that this run learns from" if self.avoided else ""
        return f"{of} test images of {self.title}{left}"


def source_fault(choice: BackboneChoice, runs: Path) -> InvalidExperiment | None:
    """Why it cannot be measured what becomes of what a saved run knew; None where it can. Reads no images."""
    uid = choice.weights.removeprefix(RUN)
    try:
        experiment = experiment_of(runs / uid)
        fits = family(experiment) is FINE_TUNING
    except (StorageError, InvalidExperiment):
        fits = False
    if not fits or not past(kept_head(choice), runs).classes:
        return InvalidExperiment(f"Run {uid} has no head that tells classes apart.", NO_SOURCE, "backbone")
    return None


def kept_head(choice: BackboneChoice) -> BackboneChoice:
    return choice.model_copy(update={"head": "kept"})


def read_source(
    choice: BackboneChoice, runs: Path, avoid: Digests, device: torch.device
) -> Generator[Preparing, None, SourceRun]:
    """Yields `Preparing`, returns the run that these weights are of, its images in memory.

    avoid: digests of the images that the new run learns from, which test nothing. Raises `InvalidExperiment` where the
    weights have no head, `DataError` where its images are not there any more or are others, `WeightsError`.
    """
    if (fault := source_fault(choice, runs)) is not None:
        raise fault
    yield Preparing("Reading the data of the run it starts from")
    folder = runs / choice.weights.removeprefix(RUN)
    experiment = experiment_of(folder)
    data = load(experiment.dataset)
    split = split_images(data, experiment.dataset, experiment.seed)
    classes = same_classes(data, split, choice, runs)
    network = build_backbone(kept_head(own_choice(experiment, choice)), len(classes), 0, runs, classes=classes)
    test, avoided = tested(data, split, folder, avoid)
    source = SourceRun(
        f"“{data.title}”", network.to(device).eval(), classes,
        labelled(data, spread(data, test, MOST_TESTED), split, experiment, device),
        labelled(data, spread(data, split.train, most_probed(len(classes))), split, experiment, device),
        experiment, len(test), avoided,
    )  # fmt: skip
    for part in (source.test, source.probe):
        yield from reading(part.inputs, "Reading the data of the run it starts from")
    return source


def measured_images(choice: BackboneChoice, runs: Path) -> int:
    """How many images of the source one look takes, to test and for a fresh probe. Raises `ExperimentError` where it or
    its images are gone."""
    experiment = experiment_of(runs / choice.weights.removeprefix(RUN))
    split = split_images(load(experiment.dataset), experiment.dataset, experiment.seed)
    return min(MOST_TESTED, len(split.test)) + min(most_probed(len(split.classes)), len(split.train))


def most_probed(classes: int) -> int:
    """Training images that a fresh probe learns from, at most: two of each class at least."""
    return max(MOST_PROBED, 2 * classes)


def own_choice(experiment: Experiment, choice: BackboneChoice) -> BackboneChoice:
    """The source's network with the weights that it ended with."""
    return experiment.backbone.model_copy(update={"weights": choice.weights})


def same_classes(data: LabelledSet, split: ImageSplit, choice: BackboneChoice, runs: Path) -> tuple[str, ...]:
    """Names of the head's outputs in order; raises `DataError` where the data have other classes now."""
    names = tuple(data.class_names[place] for place in split.classes)
    if as_counted(names) != as_counted(past(kept_head(choice), runs).classes):
        raise DataError(
            f"The classes of “{data.title}” are others than when the run it starts from learnt them.",
            "Bring back the data as they were, or do not measure what it keeps.",
        )
    return names


def tested(data: LabelledSet, split: ImageSplit, folder: Path, avoid: Digests) -> tuple[Indices, int]:
    """Test images [n] that neither run learns from, and how many were left out because the new one does. Raises
    `DataError` where none is left."""
    learnt = learnt_from(folder)
    new = split.test if learnt is None else split.test[~np.isin(data.contents[split.test], learnt)]
    avoided = np.isin(data.contents[new], avoid)
    if avoided.all():
        raise DataError(
            f"No test example of “{data.title}” is left that the new run does not learn from.",
            "Do not measure what it keeps, or let each run use one half of the data.",
        )
    return new[~avoided], int(avoided.sum())


def spread(data: LabelledSet, ids: Indices, most: int) -> Indices:
    """At most so many of these images [n], the same each time, every class as evenly as it can be; ascending."""
    order = np.random.default_rng(0).permutation(len(ids))
    labels = data.labels[ids[order]]
    by_class = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[by_class], labels[by_class])
    rank = np.empty(len(ids), np.int64)
    rank[by_class] = np.arange(len(ids)) - first
    return np.sort(ids[order[np.argsort(rank, kind="stable")[:most]]])


def labelled(
    data: LabelledSet, ids: Indices, split: ImageSplit, experiment: Experiment, device: torch.device
) -> Labelled:
    """Read and shifted as the source's own test images were."""
    shape, shift = normaliser(experiment.backbone), experiment.dataset.shift
    pixels, labels = images(data, ids, shape, device, shift), positions(data.labels[ids], split.classes)
    if shift is not None:
        seed = experiment.dataset.split_seed
        labels = torch.from_numpy(shifted_labels(labels.numpy(), len(split.classes), shift, seed))
    return Labelled(pixels, labels.to(device), ids)
