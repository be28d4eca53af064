"""What weights have met before: the images and classes of every training that went into them. Torch-free.

A run writes what it learns from into its folder, so that whoever starts from its weights can tell whether the test
images or classes are new to them. Validation images chose the weights, so they count as well.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.backbones import catalog
from engine.backbones.info import IMAGENET, OMNIGLOT
from engine.backbones.kept import OWN
from engine.data.episode_splits import for_tasks
from engine.data.findings import Finding, ids_of
from engine.data.labelled_set import LabelledSet
from engine.data.sets.omniglot import BACKGROUND
from engine.data.sources import is_drawn, known, load
from engine.data.splits import ClassSplit, ImageSplit, split_classes, split_images
from engine.errors import ExperimentError
from engine.experiment import BackboneChoice, Experiment
from engine.families import MULTITASK, PRETRAINING, family
from engine.layers import LayerRow
from engine.machine.files import write_text
from engine.method import Method
from engine.registry import with_method

FILE = "trained_on.json"
KEY = "seen before"  # in the protocol of a figure
RUN = "run:"
GENERIC = re.compile(
    r"(class|character|category|label)[\s\d]*|n?\d{0,7}|..?"
)  # names that say nothing of what they name
Digests = NDArray[np.uint64]
Indices = NDArray[np.int64]
Division = ImageSplit | ClassSplit
NOTHING: Digests = np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class Lesson:
    """One training that went into weights. images: digests. names: of classes, as `plain` writes them. alphabets: whole
    ones of Omniglot. head: the last layer alone learnt. published: what everybody's weights were made from; "" for a
    saved run, of which every image that it learnt from is known.
    """

    images: Digests = field(default_factory=lambda: NOTHING)
    names: frozenset[str] = frozenset()
    alphabets: frozenset[str] = frozenset()
    head: bool = False
    published: str = ""


@dataclass(frozen=True, eq=False)
class Past:
    """All trainings behind some weights. classes: what the head's outputs mean, in order; None where they mean nothing.
    unknown: why it is not known what they have met, "" where it is."""

    lessons: tuple[Lesson, ...] = ()
    classes: tuple[str, ...] | None = None
    unknown: str = ""


def plain(name: str) -> str:
    """A class's name without what differs between folders: "Great_White-shark" -> "great white shark"."""
    return re.sub(r"[\s_\-]+", " ", name.removesuffix("…")).strip().casefold()


# What went into weights


def past(choice: BackboneChoice, runs: Path | None) -> Past:
    """Of the chosen weights; a run's include those of the weights it started from."""
    if choice.weights.startswith(RUN):
        return _of_run(choice, runs)
    if choice.weights.startswith(OWN):
        return Past(unknown="your file does not say what it was trained on")
    trained_on = {info.name: info.trained_on for info in catalog.weights(choice.name)}.get(choice.weights)
    return Past(_published(trained_on or ""))


@lru_cache(maxsize=4)
def _published(trained_on: str) -> tuple[Lesson, ...]:
    if trained_on == OMNIGLOT:
        images = np.fromfile(catalog.BUNDLED / "omniglot-background.bin", "<u8")
        return (Lesson(images.astype(np.uint64), alphabets=BACKGROUND, published=trained_on),)
    if IMAGENET in trained_on.split(", then "):
        lines = (catalog.BUNDLED / "imagenet-classes.txt").read_text(encoding="utf-8").splitlines()
        names = frozenset(plain(name) for line in lines for name in (line[:9], *line[10:].split(",")))
        return (Lesson(names=names, published=trained_on),)
    return ()


def _of_run(choice: BackboneChoice, runs: Path | None) -> Past:
    uid = choice.weights.removeprefix(RUN)
    folder = (runs or Path()) / uid
    try:
        found = _read(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        found = _again(folder, runs)
    if choice.head == "kept":
        return found
    return Past(tuple(lesson for lesson in found.lessons if not lesson.head), None, found.unknown)


def _again(folder: Path, runs: Path | None) -> Past:
    """Of a run that was saved before runs wrote it down: from its settings and the files as they are now."""
    try:
        experiment = Experiment.model_validate_json((folder / "experiment.json").read_text(encoding="utf-8"))
        return learnt(experiment, runs)
    except (OSError, ValueError, ExperimentError):
        return Past(unknown=f"the data that run {folder.name} learnt from cannot be read any more")


# What a run learns from


def learnt(experiment: Experiment, runs: Path | None) -> Past:
    """What this run's weights have met, read off its settings and its data; raises `ExperimentError`."""
    experiment, method = with_method(experiment)
    before = past_of(experiment, method, runs)
    if is_drawn(experiment.dataset):
        return Past(before.lessons, None, before.unknown)
    return after(before, experiment, method, *divided(experiment))


def divided(experiment: Experiment) -> tuple[LabelledSet, Division]:
    """The data of a run and how it divides them; raises `ExperimentError`."""
    data, choice = load(experiment.dataset), experiment.dataset
    if family(experiment).divides == "classes":
        data = for_tasks(data, choice)
        return data, split_classes(data, choice)
    return data, split_images(data, choice, experiment.seed)


@runtime_checkable
class TrainsBlocks(Protocol):
    """A method that trains a network block by block of a layer table; without stages it trains nothing."""

    def stages(self) -> Sequence[object]: ...
    def table(self, blocks: tuple[str, ...]) -> dict[str, LayerRow]: ...


def past_of(experiment: Experiment, method: Method, runs: Path | None) -> Past:
    """Of the weights a run starts from; nothing for a method that takes none."""
    return past(experiment.backbone, runs) if method.uses_pretrained else Past()


def after(before: Past, experiment: Experiment, method: Method, data: LabelledSet, split: Division) -> Past:
    """What weights have met after learning from this division: of classes, after which the outputs of the head mean
    something else, or of images."""
    if isinstance(split, ClassSplit):
        ids = ids_of(data, np.concatenate([split.train, split.validation]))
        return Past((*before.lessons, lesson(data, ids)), None, before.unknown)
    if method.family in (PRETRAINING.key, MULTITASK.key):
        met = lesson(data, np.concatenate([split.train, split.validation]))
        return Past((*before.lessons, met), None, before.unknown)
    names = tuple(data.class_names[place] for place in split.classes)
    if not isinstance(method, TrainsBlocks) or not method.stages():
        return Past(before.lessons, names, before.unknown)
    own = lesson(data, np.concatenate([split.train, split.validation]), trains_head_alone(experiment, method))
    return Past((*before.lessons, own), names, before.unknown)


def trains_head_alone(experiment: Experiment, method: TrainsBlocks) -> bool:
    blocks = catalog.backbone(experiment.backbone.name).block_names
    table = method.table(blocks)
    return all(table[block].rate == 0 and not table[block].fresh for block in blocks[:-1])


def lesson(data: LabelledSet, ids: Indices, head: bool = False) -> Lesson:
    source = known(data.name)
    named = source is not None and source.read is not None  # elsewhere equal names need not mean equal things
    names = (plain(data.class_names[place]) for place in np.unique(data.labels[ids])) if named else ()
    said = frozenset(name for name in names if not GENERIC.fullmatch(name))
    return Lesson(np.unique(data.contents[ids]), said, head=head)


def write(found: Past, directory: Path) -> None:
    """Into the run's folder, before it learns; raises OSError."""
    body = {"classes": found.classes, "unknown": found.unknown, "lessons": [_as_json(one) for one in found.lessons]}
    write_text(directory / FILE, json.dumps(body, ensure_ascii=False) + "\n")


def classes_of(directory: Path) -> tuple[str, ...]:
    """What the outputs of a run's network stand for, in order, by its folder; empty where that is not known."""
    try:
        return tuple(json.loads((directory / FILE).read_text(encoding="utf-8"))["classes"] or ())
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def learnt_from(directory: Path) -> Digests | None:
    """Digests of the training and validation images of a run that trained, ascending, by its folder; None where that is
    not known."""
    try:
        last = json.loads((directory / FILE).read_text(encoding="utf-8"))["lessons"][-1]
        return None if "published" in last else _lessons(last)[0].images
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def images_learnt(directory: Path) -> Digests:
    """The same; where the run's folder does not say it, of all that its weights have met, by its settings and the files
    as they are now."""
    known = learnt_from(directory)
    return images_met(_again(directory, directory.parent)) if known is None else known


def _as_json(one: Lesson) -> dict[str, Any]:
    if one.published:
        return {"published": one.published}
    images = base64.b64encode(one.images.astype("<u8").tobytes()).decode()
    return {"images": images, "names": sorted(one.names), "head": one.head}


def _read(body: dict[str, Any]) -> Past:
    classes, lessons = body["classes"], tuple(one for saved in body["lessons"] for one in _lessons(saved))
    return Past(lessons, None if classes is None else tuple(classes), str(body["unknown"]))


def _lessons(saved: dict[str, Any]) -> tuple[Lesson, ...]:
    if "published" in saved:
        return _published(saved["published"])
    images = np.frombuffer(base64.b64decode(saved["images"]), "<u8").astype(np.uint64)
    return (Lesson(images, frozenset(saved["names"]), head=bool(saved["head"])),)


# What that means for a test


def met_in_images(found: Past, data: LabelledSet, classes: Indices, test: Indices) -> list[Finding]:
    """Of a run that learns `classes`: test images [n] that a run before learnt from, and classes that published weights
    were made with. A run before may have learnt the same classes from other images; that is what it is for."""
    images = np.isin(data.contents[test], _images(lesson for lesson in found.lessons if not lesson.published))
    known = _classes((lesson for lesson in found.lessons if lesson.published), data, classes)
    seen = images | np.isin(data.labels[test], classes[known[0] | known[1]])
    words = (
        [f"{images.sum():,} of {len(test):,} test examples were in the weights' training set"] if images.any() else []
    )
    return _finding([*words, *_class_words(known)], found, test[~seen] if seen.any() else None)


def met_in_classes(found: Past, data: LabelledSet, test: Indices) -> list[Finding]:
    """Of a run that is tested on classes [n] of its own: those that any weights before have met."""
    known = _classes(found.lessons, data, test)
    seen = known[0] | known[1]
    return _finding(_class_words(known), found, test[~seen] if seen.any() else None)


def images_met(found: Past) -> Digests:
    """Digests of every image that is known to have gone into weights; published ones do not tell theirs."""
    return _images(found.lessons)


def _images(lessons: Iterable[Lesson]) -> Digests:
    return np.concatenate([NOTHING, *(lesson.images for lesson in lessons)])


def _classes(
    lessons: Iterable[Lesson], data: LabelledSet, classes: Indices
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """bool [classes] twice: met by an image or a whole alphabet; met by name alone."""
    lessons = list(lessons)
    images = np.unique(data.labels[np.isin(data.contents, _images(lessons))])
    alphabets = frozenset[str]().union(*(lesson.alphabets for lesson in lessons))
    names = frozenset[str]().union(*(lesson.names for lesson in lessons))
    homes = data.alphabets if data.characters else None
    met = np.isin(classes, images) | np.array([homes is not None and homes[place] in alphabets for place in classes])
    return met, ~met & np.array([plain(data.class_names[place]) in names for place in classes])


def _class_words(known: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> Iterator[str]:
    ways = ("were in", "bear the names of classes in")
    for seen, way in zip(known, ways, strict=True):
        if seen.any():
            yield f"{seen.sum():,} of {len(seen):,} test classes {way} the weights' training set"


def _finding(words: list[str] | Iterator[str], found: Past, unseen: Indices | None) -> list[Finding]:
    known = list(words)
    said = [*known, *([f"not known: {found.unknown}"] if found.unknown else [])]
    if not said:
        return []
    text = "; ".join(said)
    return [Finding(KEY, text, f"What the weights have seen before{':' if known else ' is'} {text}.", unseen)]
