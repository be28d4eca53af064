"""What the window shows of a data set before a run: samples, counts, the split, and real episodes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import DataSet
from engine.data.episode_splits import EpisodeShape, for_tasks, samplers
from engine.data.episodes import Episode
from engine.data.examples import members
from engine.data.findings import copies_words, in_classes, in_images, left_words
from engine.data.images import Cancel, ImageSet, Progress
from engine.data.labelled_set import LabelledSet, Skipped
from engine.data.samples import Sample, samples_of
from engine.data.shifts import changes_pixels, describe, renamed, shifted
from engine.data.sources import dataset, load
from engine.data.splits import BY_CLASS, ClassSplit, ImageSplit, choose_classes, split_classes, split_images
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import DatasetChoice

Part = Literal["training", "validation", "test"]
STRIP = 16
TEXT_CLASSES, EACH = 4, 3  # of texts three of each of four classes
NAMED = 3  # renamed classes that the sentence about a label shift gives as examples
SHOWN_CURVE = 56


@dataclass(frozen=True, eq=False)
class DatasetPreview:
    """A data set at a glance.

    strip: up to 16 samples of different classes: uint8 [side, side, channels] of images, of texts three of each of four
    classes, whose names are `strip_classes`. per_class: (name, examples), in use only. what: "images" or "texts".
    counts: (training, validation, test) examples, or classes when classes are divided. problem: why the choice cannot
    be split as asked, or None; counts are then zero. shifted: the strip after the chosen shift, empty without one or
    when only labels shift. shift_sentence: what the shift does, "" without one. warnings: copies, and classes that one
    part lacks. side, channels: of a typical image, 0 where there are none.
    """

    title: str
    sentence: str
    strip: list[Sample]
    per_class: tuple[tuple[str, int], ...]
    skipped: tuple[Skipped, ...]
    layout: str
    licence: str
    split_sentence: str = ""
    counts: tuple[int, int, int] = (0, 0, 0)
    problem: ExperimentError | None = None
    strip_classes: tuple[str, ...] = ()
    shifted: list[Sample] = field(default_factory=list)
    shift_sentence: str = ""
    warnings: tuple[str, ...] = ()
    side: int = 0
    channels: int = 0
    what: str = "images"


@dataclass(frozen=True, eq=False)
class EpisodePreview:
    """A task as the learner meets it: support [way][shot] and query [way][query] of samples, and the name of each row's
    class."""

    support: list[list[Sample]]
    query: list[list[Sample]]
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
    data = for_tasks(found, choice) if meta else found
    classes, refused = _classes(data, choice)
    tally, samples = data.counts, _samples(data, classes, choice.split_seed)
    strip = samples_of(data, samples, cancelled=cancelled)
    shown = DatasetPreview(
        title=data.title,
        sentence=sentence(data),
        strip=strip,
        strip_classes=tuple(data.class_names[place] for place in data.labels[samples] if data.labelled),
        per_class=tuple((data.class_names[place], int(tally[place])) for place in classes if data.labelled),
        skipped=data.skipped,
        layout=data.layout,
        licence=data.licence,
        problem=refused,
        shifted=_shifted(data, strip, choice, samples),
        shift_sentence=_shift_sentence(data, classes, choice),
        warnings=(*_without_labels(data), *data.doubts, *_copies(data)),
        what=data.what,
    )
    if isinstance(data, ImageSet):
        shown = replace(shown, side=min(data.typical_size), channels=data.channels)
    return shown if refused else _divided(shown, data, choice, meta)


def first_sample(choice: DatasetChoice) -> Sample | None:
    """The first of the strip of `preview`, for which nothing is divided or counted; None where there is none."""
    source = dataset(choice.name)
    if source.drawn is not None:
        return source.drawn.pictures(choice, 1, SHOWN_CURVE)[0]
    data = load(choice)
    ids = _samples(data, _classes(data, choice)[0], choice.split_seed)[:1]
    return next(iter(samples_of(data, ids)), None)


def _shifted(data: LabelledSet, strip: list[Sample], choice: DatasetChoice, ids: NDArray[np.int64]) -> list[Sample]:
    if not isinstance(data, ImageSet) or not changes_pixels(choice.shift):
        return []
    return list(shifted(np.stack([sample for sample in strip if not isinstance(sample, str)]), choice.shift, ids))


def _drawn(source: DataSet, choice: DatasetChoice, meta: bool) -> DatasetPreview:
    """Tasks are drawn as they are needed: there are no images to count, and the strip is of curves or goals."""
    info, drawn = source.info, source.drawn
    assert drawn is not None
    words = f"{info.title} are tasks, not examples."
    fault = None if meta else InvalidExperiment(words, "Choose a meta-learner.", "dataset")
    strip: list[Sample] = [*drawn.pictures(choice, STRIP, SHOWN_CURVE)]
    return DatasetPreview(info.title, drawn.sentence(choice), strip, (), (), "", info.licence, problem=fault)


def sentence(data: LabelledSet) -> str:
    """E.g. "2,527 images, 6 classes, 3 files skipped", "600 images, 12 regions, 5 classes"."""
    kinds = len(set(data.kinds or data.class_names))
    regions = f"{len(set(data.alphabets)):,} regions, " if data.kinds and data.alphabets else ""
    words = f"{data.said(len(data))}, {f'{regions}{kinds:,} classes' if data.labelled else 'no labels'}"
    return f"{words}, {left_words(data)} skipped" if data.skipped else words


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
            (words, counts), found = (
                _image_counts(data.what, split, choice.labels_per_class is not None),
                in_images(data, split),
            )
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


def _image_counts(what: str, split: ImageSplit, limited: bool) -> tuple[str, tuple[int, int, int]]:
    train, validation, test = len(split.train), len(split.validation), len(split.test)
    of = f" of {split.pool:,}" if limited else ""
    words = f"{train:,}{of} {what} to learn from, {validation:,} to validate, {test:,} to test"
    if not test:  # nor is anything validated: without labels they are looked at
        words = f"{train:,} {what} to learn from, {validation:,} to look at"
    return words, (train, validation, test)


def _samples(data: LabelledSet, classes: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng([seed, 7])
    if data.what == "texts" and data.labelled:
        few = np.sort(rng.permutation(classes)[:TEXT_CLASSES])
        return np.concatenate([rng.permutation(ids)[:EACH] for ids in members(data.labels, few)])
    if not data.labelled:
        return np.sort(rng.permutation(len(data))[:STRIP]).astype(np.int64)
    chosen = classes if len(classes) <= STRIP else np.sort(rng.permutation(classes)[:STRIP])
    return np.array([rng.choice(np.flatnonzero(data.labels == place)) for place in chosen], dtype=np.int64)


def _shift_sentence(data: LabelledSet, classes: NDArray[np.int64], choice: DatasetChoice) -> str:
    """E.g. "Gaussian noise, severity 3, on every {data.what[:-1]}", or which classes exchange their names."""
    if choice.shift is None:
        return ""
    if changes_pixels(choice.shift):
        return f"{describe(choice.shift)}, on every {data.what[:-1]}"
    names = renamed(len(classes), choice.shift, choice.split_seed)
    moved = np.flatnonzero(names != np.arange(len(names)))
    old, new = ([data.class_names[classes[place]] for place in places[:NAMED]] for places in (moved, names[moved]))
    examples = ", ".join(f"“{before}” is called “{after}”" for before, after in zip(old, new, strict=True))
    more = ", …" if len(moved) > NAMED else ""
    return f"{len(moved)} of {len(classes)} classes take each other's names: {examples}{more}"


def episode_rows(data: LabelledSet, episode: Episode, indices: NDArray[np.int64]) -> list[list[Sample]]:
    """The examples of an episode as they are met, images turned where their class is: [way][n]."""
    flat, each = samples_of(data, indices.ravel()), indices.shape[1]
    rows = [flat[start : start + each] for start in range(0, len(flat), each)]
    return [[turned(sample, int(turn)) for sample in row] for row, turn in zip(rows, episode.turns, strict=True)]


def turned(sample: Sample, turn: int) -> Sample:
    return sample if isinstance(sample, str) else np.ascontiguousarray(np.rot90(sample, turn))


def tasks_preview(
    choice: DatasetChoice, shape: EpisodeShape, part: Part, seed: int, count: int = 3
) -> list[EpisodePreview]:
    """`count` tasks of this part of the classes; the same seed draws the same. Raises `InvalidExperiment` when any part
    cannot give such tasks, with the numbers that would fit."""
    data = for_tasks(load(choice), choice)
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
