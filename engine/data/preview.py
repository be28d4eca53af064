"""What the window shows of a data set before a run: samples, counts, the split, and real episodes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import DataSet
from engine.data.episode_splits import EpisodeShape, for_tasks, samplers
from engine.data.episodes import Episode
from engine.data.findings import copies_words, in_classes, in_images
from engine.data.images import Cancel, ImageSet, Progress, images_of
from engine.data.labelled_set import LabelledSet, Skipped
from engine.data.shifts import changes_pixels, describe, renamed, shifted
from engine.data.sources import dataset, load
from engine.data.splits import BY_CLASS, ClassSplit, ImageSplit, choose_classes, split_classes, split_images
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import DatasetChoice

Picture = NDArray[np.uint8]
Part = Literal["training", "validation", "test"]
STRIP = 16
NAMED = 3  # renamed classes that the sentence about a label shift gives as examples
SMALLEST, LARGEST, SHOWN_CURVE = 28, 96, 56


@dataclass(frozen=True, eq=False)
class DatasetPreview:
    """A data set at a glance.

    strip: up to 16 images of different classes, uint8 [side, side, channels]. per_class: (name, images), in use only.
    counts: (training, validation, test) images, or classes when classes are divided. problem: why the choice cannot
    be split as asked, or None; counts are then zero. shifted: the strip after the chosen shift, empty without one or
    when only labels shift. shift_sentence: what the shift does, "" without one. warnings: copies, and classes that one
    part lacks. side, channels: of a typical image, 0 where there are none.
    """

    title: str
    sentence: str
    strip: list[Picture]
    per_class: tuple[tuple[str, int], ...]
    skipped: tuple[Skipped, ...]
    layout: str
    licence: str
    split_sentence: str = ""
    counts: tuple[int, int, int] = (0, 0, 0)
    problem: ExperimentError | None = None
    shifted: list[Picture] = field(default_factory=list)
    shift_sentence: str = ""
    warnings: tuple[str, ...] = ()
    side: int = 0
    channels: int = 0


@dataclass(frozen=True, eq=False)
class EpisodePreview:
    """A task as the learner meets it: support [way][shot] and query [way][query] of uint8 [side, side, channels], and
    the name of each row's class."""

    support: list[list[Picture]]
    query: list[list[Picture]]
    names: tuple[str, ...]


def preview(
    choice: DatasetChoice, progress: Progress | None = None, cancelled: Cancel | None = None, meta: bool = False
) -> DatasetPreview:
    """Read the data set if needed and describe it; raises `DataError`, `InvalidExperiment`, `Cancelled`.

    meta: for meta-learning, which divides classes and not images whatever the split.
    """
    source = dataset(choice.name)
    if source.drawn is not None:
        return _drawn(source, choice, meta)
    found = load(choice, progress, cancelled)
    data = images_of(for_tasks(found, choice) if meta else found)
    classes, refused = _classes(data, choice)
    tally, samples = data.counts, _samples(data, classes, choice.split_seed)
    strip = data.pixels(samples, shown_side(data), data.shown_channels, cancelled=cancelled)
    shown = DatasetPreview(
        title=data.title,
        sentence=sentence(data),
        strip=list(strip),
        per_class=tuple((data.class_names[place], int(tally[place])) for place in classes if data.labelled),
        skipped=data.skipped,
        layout=data.layout,
        licence=data.licence,
        problem=refused,
        shifted=list(shifted(strip, choice.shift, samples)) if changes_pixels(choice.shift) else [],
        shift_sentence=_shift_sentence(data, classes, choice),
        warnings=(*_without_labels(data), *data.doubts, *_copies(data)),
        side=min(data.typical_size),
        channels=data.channels,
    )
    return shown if refused else _divided(shown, data, choice, meta)


def _drawn(source: DataSet, choice: DatasetChoice, meta: bool) -> DatasetPreview:
    """Tasks are drawn as they are needed: there are no images to count, and the strip is of curves or goals."""
    info, drawn = source.info, source.drawn
    assert drawn is not None
    words = f"{info.title} are tasks, not images."
    fault = None if meta else InvalidExperiment(words, "Choose a meta-learner.", "dataset")
    strip = drawn.pictures(choice, STRIP, SHOWN_CURVE)
    return DatasetPreview(info.title, drawn.sentence(choice), strip, (), (), "", info.licence, problem=fault)


def sentence(data: LabelledSet) -> str:
    """E.g. "2,527 images, 6 classes, 3 files skipped", "600 images, 12 regions, 5 classes"."""
    kinds = len(set(data.kinds or data.class_names))
    regions = f"{len(set(data.alphabets)):,} regions, " if data.kinds and data.alphabets else ""
    words = f"{len(data):,} images, {regions}{kinds:,} classes" if data.labelled else f"{len(data):,} images, no labels"
    if not data.skipped:
        return words
    return f"{words}, {len(data.skipped):,} {'file' if len(data.skipped) == 1 else 'files'} skipped"


def _classes(data: LabelledSet, choice: DatasetChoice) -> tuple[NDArray[np.int64], InvalidExperiment | None]:
    try:
        return choose_classes(data, choice), None
    except InvalidExperiment as fault:
        return np.arange(len(data.class_names)), fault


def _divided(shown: DatasetPreview, data: LabelledSet, choice: DatasetChoice, meta: bool) -> DatasetPreview:
    """With how the choice divides its data, or why it cannot."""
    try:
        if meta or choice.split in BY_CLASS:
            by_class = split_classes(data, choice)
            (words, counts), found = _class_counts(data, by_class), in_classes(data, by_class)
        else:
            split = split_images(data, choice, 0)
            (words, counts), found = _image_counts(split, choice.labels_per_class is not None), in_images(data, split)
    except ExperimentError as fault:
        return replace(shown, problem=fault)
    told = [one.sentence for one in found if one.words]  # skipped files have a place of their own on the card
    return replace(shown, split_sentence=words, counts=counts, warnings=(*shown.warnings, *told))


def _without_labels(data: LabelledSet) -> tuple[str, ...]:
    if data.labelled:
        return ()
    return ("No labels: what nearest neighbours say cannot be measured, while it learns or at the end.",)


def _copies(data: LabelledSet) -> list[str]:
    return [f"{words[0].upper()}{words[1:]}."] if (words := copies_words(data)) else []


def _class_counts(data: LabelledSet, split: ClassSplit) -> tuple[str, tuple[int, int, int]]:
    parts = (split.train, split.validation, split.test)
    kind, (train, validation, test) = "Classes", map(len, parts)
    if data.kinds and data.alphabets and split.description.startswith("by region"):
        homes = np.array(data.alphabets)
        kind, (train, validation, test) = "Regions", (len(set(homes[part])) for part in parts)
    turned = " and their quarter turns" if split.rotations else ""
    words = f"{kind}: {train:,}{turned} to learn from, {validation:,} to validate, {test:,} to test"
    return words, (train, validation, test)


def _image_counts(split: ImageSplit, limited: bool) -> tuple[str, tuple[int, int, int]]:
    train, validation, test = len(split.train), len(split.validation), len(split.test)
    of = f" of {split.pool:,}" if limited else ""
    words = f"{train:,}{of} images to learn from, {validation:,} to validate, {test:,} to test"
    if not test:  # nor is anything validated: without labels they are looked at
        words = f"{train:,} images to learn from, {validation:,} to look at"
    return words, (train, validation, test)


def _samples(data: LabelledSet, classes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng([seed, 7])
    if not data.labelled:
        return np.sort(rng.permutation(len(data))[:STRIP]).astype(np.int64)
    chosen = classes if len(classes) <= STRIP else np.sort(rng.permutation(classes)[:STRIP])
    return np.array([rng.choice(np.flatnonzero(data.labels == place)) for place in chosen], dtype=np.int64)


def _shift_sentence(data: LabelledSet, classes: NDArray[np.int64], choice: DatasetChoice) -> str:
    """E.g. "Gaussian noise, severity 3, on every image", or which classes exchange their names."""
    if choice.shift is None:
        return ""
    if changes_pixels(choice.shift):
        return f"{describe(choice.shift)}, on every image"
    names = renamed(len(classes), choice.shift, choice.split_seed)
    moved = np.flatnonzero(names != np.arange(len(names)))
    old, new = ([data.class_names[classes[place]] for place in places[:NAMED]] for places in (moved, names[moved]))
    examples = ", ".join(f"“{before}” is called “{after}”" for before, after in zip(old, new, strict=True))
    more = ", …" if len(moved) > NAMED else ""
    return f"{len(moved)} of {len(classes)} classes take each other's names: {examples}{more}"


def shown_side(data: ImageSet) -> int:
    """Side in pixels at which samples are handed to the window."""
    return max(SMALLEST, min(LARGEST, *data.typical_size))


def episode_rows(data: ImageSet, episode: Episode, indices: NDArray[np.int64]) -> list[list[Picture]]:
    """The images of an episode as they are met, turned where their class is: [way][n]."""
    flat = data.pixels(indices.ravel(), shown_side(data), data.shown_channels)
    rows = flat.reshape(*indices.shape, *flat.shape[1:])
    return [
        [np.ascontiguousarray(np.rot90(picture, int(turn))) for picture in row]
        for row, turn in zip(rows, episode.turns, strict=True)
    ]


def tasks_preview(
    choice: DatasetChoice, shape: EpisodeShape, part: Part, seed: int, count: int = 3
) -> list[EpisodePreview]:
    """`count` tasks of this part of the classes; the same seed draws the same. Raises `InvalidExperiment` when any part
    cannot give such tasks, with the numbers that would fit."""
    data = images_of(for_tasks(load(choice), choice))
    found = samplers(data, choice, shape)
    sampler = {"training": found.train, "validation": found.validation, "test": found.test}[part]
    draw = np.random.default_rng([seed, 8])
    episodes = [sampler.sample(draw) for _ in range(count)]
    return [
        EpisodePreview(
            support=episode_rows(data, episode, episode.support),
            query=episode_rows(data, episode, episode.query),
            names=tuple(
                data.class_names[place] + (f", turned {90 * turn}°" if turn else "")
                for place, turn in zip(episode.classes, episode.turns.tolist(), strict=True)
            ),
        )
        for episode in episodes
    ]


def curves_preview(choice: DatasetChoice, shot: int, seed: int, count: int = 3) -> list[dict[str, Any]]:
    """`count` regression tasks as `CurveTaskPicture` takes them: the curve and the points that are given of it."""
    source, draw = dataset(choice.name).curves, np.random.default_rng([seed, 8])
    assert source is not None
    return [{**source.drawing(source.one(choice, draw, shot, 1)), "predictions": []} for _ in range(count)]
