"""A saved run tested once more, on images that it did not come with: their classes are matched with its own by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.artifacts.saved import TOGETHER, LearnsTasks, SavedModel
from engine.comparison.wording import count
from engine.data.files.folder import FilePixels
from engine.data.images import Cancel, ImageSet, Progress, check
from engine.data.sources import load
from engine.errors import DataError, InvalidExperiment
from engine.events import Evaluated
from engine.experiment import DatasetChoice
from engine.metrics import TEST_SET
from engine.preparation.inputs import images
from engine.provenance import seen
from engine.tuning.testing import UNEVEN, balanced, evaluated
from engine.using.predictions import form_of

SAID = 3  # names of classes in a sentence
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Which images of a set a network can be tested on. ids: int64 [n], their places in the set; truth: int64 [n],
    places in the network's classes. unknown: images by class that the network does not know; missing: classes of the
    network that the set has no image of."""

    ids: Indices
    truth: Indices
    unknown: dict[str, int]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tested:
    """figures: the accuracy, and the one balanced over classes where they differ in size; empty where no image was
    left. notes: sentences on what was left out."""

    figures: tuple[Evaluated, ...]
    notes: tuple[str, ...]


def matched(names: tuple[str, ...], data: ImageSet) -> Matched:
    """By name, without what only differs between folders: capitals, "_", "-" and spaces. Raises `DataError` where no
    class fits, or two would be the same."""
    own = by_name(names, "The network")
    by_name(data.class_names, f"“{data.title}”")
    places = np.array([own.get(seen.plain(name), -1) for name in data.class_names], dtype=np.int64)
    if (places < 0).all():
        raise DataError(
            f"No class of “{data.title}” is one that this network tells apart.",
            f"Name its folders as the network's classes: {said(names)}.",
        )
    truth = places[data.labels]
    unknown = {name: int(data.counts[place]) for place, name in enumerate(data.class_names) if places[place] < 0}
    missing = tuple(name for place, name in enumerate(names) if place not in places)
    ids = np.flatnonzero(truth >= 0)
    return Matched(ids, truth[ids], unknown, missing)


def by_name(names: tuple[str, ...], whose: str) -> dict[str, int]:
    """Name as it is compared -> place."""
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        other = found.setdefault(seen.plain(name), place)
        if other != place:
            raise DataError(f"{whose} has the classes “{names[other]}” and “{name}”.", "Rename one of the two.")
    return found


def said(names: tuple[str, ...]) -> str:
    """ "a, b, c and 4 more"."""
    more = len(names) - SAID
    return f"{', '.join(names[:SAID])} and {more:,} more" if more > 0 else ", ".join(names)


def evaluate_on(
    model: SavedModel, folder: Path, choice: DatasetChoice, progress: Progress | None = None,
    cancelled: Cancel | None = None,
) -> Tested:  # fmt: skip
    """Test a run on all images of a set whose class it knows, but for those that it learnt from.

    folder: of the run. Files are read as those that the network learnt from. Raises `InvalidExperiment` for a
    network without classes of its own, `DataError` for a set that does not serve, `Cancelled`.
    """
    refuse_nameless(model)
    data = as_learnt(load(choice, None, cancelled), model)
    found = matched(model.class_names, data)
    learnt = np.isin(data.contents[found.ids], digests_of(model, folder))
    ids, truth = found.ids[~learnt], found.truth[~learnt]
    notes = tuple(left_out(found, int(learnt.sum())))
    if not len(ids):
        return Tested((), notes)
    guess = guesses(model, data, ids, progress, cancelled)
    figures = [evaluated(ids, guess, truth, model.class_names)]
    sizes = np.bincount(truth, minlength=len(model.class_names))
    if sizes.max() > UNEVEN * sizes.min():
        figures.append(balanced(guess, truth, len(model.class_names)))
    conditions = conditions_of(data, len(ids))
    said = {"test set": choice.path or data.title, **({"left out": " ".join(notes)} if notes else {})}
    where = {TEST_SET: title_of(choice, data)}
    return Tested(tuple(replace(one, at=where).given(conditions, said) for one in figures), notes)


def refuse_nameless(model: SavedModel) -> None:
    form_of(model)
    if isinstance(model.method, LearnsTasks):
        raise InvalidExperiment("A meta-learner has no classes of its own to be tested on.",
                                "Let it meet the new classes instead: on page Try it, or “adapt”.")  # fmt: skip
    if not model.class_names:
        raise InvalidExperiment("What the outputs of this run stand for is not known.", "Run it again.")


def as_learnt(data: ImageSet, model: SavedModel) -> ImageSet:
    """The set with its files read as those of the run were: ink on paper, grey values of 12 bits."""
    if not isinstance(data.source, FilePixels):
        return data
    return replace(data, source=data.source.reading(model.read_as))


def digests_of(model: SavedModel, folder: Path) -> NDArray[np.uint64]:
    """Of all images that the run and the weights before it are known to have learnt from."""
    own = model.experiment.backbone.model_copy(update={"weights": f"{seen.RUN}{folder.name}", "head": "kept"})
    return seen.images_met(seen.past(own, folder.parent))


@torch.no_grad()
def guesses(
    model: SavedModel, data: ImageSet, ids: Indices, progress: Progress | None, cancelled: Cancel | None
) -> Indices:
    """The likeliest class of each image, int64 [n]; as many at a time as in a run's own test."""
    values, found = images(data, ids, form_of(model), model.reader.device), []
    for start in range(0, len(ids), TOGETHER):
        check(cancelled)
        if progress:
            progress(start / len(ids))
        found.append(model.predict(values[start : start + TOGETHER]).argmax(1).cpu().numpy())
    return np.concatenate(found).astype(np.int64)


def conditions_of(data: ImageSet, images: int) -> dict[str, str]:
    """What figures must share to be compared."""
    of = f"{images:,} of {len(data):,}" if images < len(data) else f"all {images:,}"
    said = {"split": f"{of} images of “{data.title}”", "batch norm": "running statistics"}
    return said | {"data": data.fingerprint}


def title_of(choice: DatasetChoice, data: ImageSet) -> str:
    """ "holiday/test" of a folder: many are called "test"."""
    return "/".join(Path(choice.path).absolute().parts[-2:]).lstrip("/") if choice.path else data.title


def left_out(found: Matched, learnt: int) -> Iterator[str]:
    if learnt:
        yield f"{count(learnt, 'images')} that the run learnt from {'was' if learnt == 1 else 'were'} left out."
    if found.unknown:
        names = tuple(found.unknown)
        yield (
            f"{count(sum(found.unknown.values()), 'images')} of {count(len(names), 'classes')} that it does not know"
            f" were left out: {said(names)}."
        )
    if found.missing:
        yield f"No image of {count(len(found.missing), 'classes')} that it knows: {said(found.missing)}."
