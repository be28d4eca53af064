"""Which episodes a meta-learning run draws and is tested on, from the data and the settings. Torch-free.

Window and run ask the same function, so that what cannot be drawn is said before Start and in the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from engine.data.episodes import EpisodeSampler, Indices
from engine.data.findings import named
from engine.data.images import ImageSet
from engine.data.labelled_set import LabelledSet
from engine.data.splits import ClassSplit, split_classes
from engine.errors import InvalidExperiment
from engine.experiment import DatasetChoice

Within = Literal["as the data says", "any classes", "one group"]
Rotations = Literal["as the data says", "on", "off"]
Slots = Literal["shuffled", "fixed"]


@dataclass(frozen=True, slots=True)
class EpisodeShape:
    """The settings of a method that decide its episodes. rotations and slots are of training alone."""

    way: int
    shot: int
    query: int
    training_way: int
    training_shot: int
    within: Within = "as the data says"
    rotations: Rotations = "as the data says"
    slots: Slots = "shuffled"


@runtime_checkable
class LearnsEpisodes(Protocol):
    """A method that is trained on episodes."""

    @property
    def episodes(self) -> EpisodeShape: ...


@dataclass(frozen=True, eq=False)
class Samplers:
    """train, validation, test: where episodes come from. words: how they are drawn, for the protocol."""

    split: ClassSplit
    train: EpisodeSampler
    validation: EpisodeSampler
    test: EpisodeSampler
    words: str


def for_tasks(data: LabelledSet, choice: DatasetChoice) -> LabelledSet:
    """The images as meta-learning divides them: by region where the folders say so and no other split is chosen."""
    regions = data.of_regions if isinstance(data, ImageSet) else None
    return regions if regions and choice.split in (None, "by-region") else data


def samplers(data: LabelledSet, choice: DatasetChoice, shape: EpisodeShape) -> Samplers:
    """Training, validation and test episodes; raises `InvalidExperiment` with the part it is about and what fits."""
    split = split_classes(data, choice)
    turned = split.rotations if shape.rotations == "as the data says" else shape.rotations == "on"
    slots = None
    if shape.slots == "fixed":  # the label of each class, before it is brought below the way: of its kind, or its place
        slots = kind_of(data)[split.train] if data.kinds else np.arange(len(split.train), dtype=np.int64)
    training = replace(shape, way=shape.training_way, shot=shape.training_shot)
    return Samplers(
        split,
        _sampler(data, split.train, training, "training", turned, slots),
        _sampler(data, split.validation, shape, "validation"),
        _sampler(data, split.test, shape, "test"),
        words_of(data, shape),
    )


def test_sampler(
    data: LabelledSet, choice: DatasetChoice, shape: EpisodeShape, classes: Indices | None
) -> tuple[EpisodeSampler, str]:
    """Where test episodes alone come from, all or those of some classes, and what they are in words; raises
    `InvalidExperiment`."""
    chosen = split_classes(data, choice).test if classes is None else classes
    return _sampler(data, chosen, shape, "test"), words_of(data, shape)


def _sampler(
    data: LabelledSet,
    classes: Indices,
    shape: EpisodeShape,
    part: str,
    turned: bool = False,
    slots: Indices | None = None,
) -> EpisodeSampler:
    homes = np.array(data.alphabets or [""] * len(data.class_names))
    groups = np.unique(homes, return_inverse=True)[1].astype(np.int64)[classes] if stays_within(data, shape) else None
    return EpisodeSampler(
        data.labels, classes, shape.way, shape.shot, shape.query, turned,
        groups=groups, slots=slots, part=part, group_word=group_word(data),
    )  # fmt: skip


def stays_within(data: LabelledSet, shape: EpisodeShape) -> bool:
    """Whether all classes of an episode are of one region or alphabet."""
    if shape.within == "one group" and data.alphabets is None:
        raise InvalidExperiment(
            f"{data.title} has no alphabets or regions to draw an episode from.",
            "Draw classes from anywhere.", "hyperparameters.within",
        )  # fmt: skip
    return shape.within == "one group" or (shape.within == "as the data says" and data.kinds is not None)


def kind_of(data: LabelledSet) -> Indices:
    """Number of what each class is in every region, int64 [classes]; of the class itself where regions share none."""
    return np.unique(np.array(data.kinds or data.class_names), return_inverse=True)[1].astype(np.int64)


def group_word(data: LabelledSet) -> str:
    return "region" if data.kinds else data.group_word


def words_of(data: LabelledSet, shape: EpisodeShape) -> str:
    """ "5-way 1-shot, 15 query images per class, each within one region"."""
    where = f", each within one {group_word(data)}" if stays_within(data, shape) else ""
    return f"{shape.way}-way {shape.shot}-shot, {shape.query} query images per class{where}"


def left_out_words(data: LabelledSet, found: Samplers) -> str:
    """Which groups or classes no episode is drawn from, as a sentence; empty where all of them serve."""
    of_all = (found.train, found.validation, found.test)
    groups = [
        f"{sampler.left_out} of {sampler.left_out + sampler.groups} {sampler.part}"
        for sampler in of_all
        if sampler.left_out
    ]
    small = [
        f"{len(sampler.small)} of {len(sampler.small) + len(sampler.classes)} {sampler.part} classes "
        f"({named(data, sampler.small)})"
        for sampler in of_all
        if len(sampler.small)
    ]
    if groups:
        return f"Too few classes or examples for an episode: {', '.join(groups)} {group_word(data)}s"
    return f"Too few examples for an episode: {', '.join(small)}" if small else ""
