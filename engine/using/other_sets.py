"""A saved run tested once more, on images or texts that it did not come with, whose classes are matched by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.artifacts.saved import TOGETHER, LearnsTasks, SavedModel
from engine.comparison.answers import Answers, keep
from engine.comparison.wording import count
from engine.data.images import Cancel, ImageSet, Progress, check
from engine.data.labelled_set import LabelledSet
from engine.data.sources import load
from engine.errors import DataError, InvalidExperiment
from engine.events import Evaluated
from engine.experiment import DatasetChoice
from engine.metrics import TEST_SET
from engine.preparation.inputs import images
from engine.provenance import seen
from engine.tuning.sureness import Sureness
from engine.tuning.testing import UNEVEN, balanced, evaluated
from engine.using.predictions import form_of
from engine.using.tested_images import further_images, read_so

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


def matched(names: tuple[str, ...], data: LabelledSet) -> Matched:
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

    folder: of the run, where how sure it was of each image is kept. Files are read as those that the network learnt
    from. Raises `InvalidExperiment` for a network without classes of its own, `DataError` for a set that does not
    serve, `Cancelled`.
    """
    refuse_nameless(model)
    data = further(model, choice, cancelled)
    found = matched(model.class_names, data)
    learnt = np.isin(data.contents[found.ids], digests_of(model, folder))
    found = replace(found, ids=found.ids[~learnt], truth=found.truth[~learnt])
    notes = tuple(left_out(found, model.class_names, int(learnt.sum()), data.what))
    if not len(found.ids):
        return Tested((), notes)
    guess, answers = answered(model, data, found, progress, cancelled)
    said = {"test set": choice.path or data.title, **({"left out": " ".join(notes)} if notes else {})}
    where, conditions = {TEST_SET: title_of(choice, data)}, conditions_of(data, len(found.ids))
    figures = tuple(replace(one, at=where).given(conditions, said) for one in figures_of(found, guess, model))
    return Tested(figures, (*notes, *kept(answers, folder, data.fingerprint)))


def further(model: SavedModel, choice: DatasetChoice, cancelled: Cancel | None) -> LabelledSet:
    """What it is tested on, read as what it learnt from. Raises `ExperimentError`, `Cancelled`."""
    if model.what == ImageSet.what:
        return read_so(further_images(choice, None, cancelled), model.read_as)
    data = load(choice, None, cancelled)
    if data.what != model.what:
        raise InvalidExperiment(f"{data.title} holds {data.what}, and this run reads {model.what}.", "Choose texts.")
    return data


def figures_of(found: Matched, guess: Indices, model: SavedModel) -> Iterator[Evaluated]:
    """The accuracy, and the one balanced over the classes that are there, where these differ in size."""
    yield evaluated(found.ids, guess, found.truth, model.class_names)
    sizes = np.unique(found.truth, return_counts=True)[1]
    if sizes.max() > UNEVEN * sizes.min():
        yield balanced(guess, found.truth, len(model.class_names))


def kept(answers: Answers, folder: Path, data: str) -> Iterator[str]:
    """How sure it was of each image, in the run's folder; a disk that refuses it does not cost the run its figure."""
    try:
        keep(answers, folder, data)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        yield f"How sure the network was of each image could not be written ({reason})."


def refuse_nameless(model: SavedModel) -> None:
    form_of(model)
    if isinstance(model.method, LearnsTasks):
        raise InvalidExperiment("A meta-learner has no classes of its own to be tested on.",
                                "Let it meet the new classes instead: on page Try it, or “adapt”.")  # fmt: skip
    if not model.class_names:
        raise InvalidExperiment("What the outputs of this run stand for is not known.", "Run it again.")


def digests_of(model: SavedModel, folder: Path) -> NDArray[np.uint64]:
    """Of all images that the run and the weights before it are known to have learnt from."""
    own = model.experiment.backbone.model_copy(update={"weights": f"{seen.RUN}{folder.name}", "head": "kept"})
    return seen.images_met(seen.past(own, folder.parent))


@torch.no_grad()
def answered(
    model: SavedModel, data: LabelledSet, found: Matched, progress: Progress | None, cancelled: Cancel | None
) -> tuple[Indices, Answers]:
    """The likeliest class of each image, int64 [n], and how sure it is; as many at a time as in a run's own test."""
    values, guess = images(data, found.ids, form_of(model), model.reader.device), list[torch.Tensor]()
    sureness, truth = Sureness(TOGETHER), torch.from_numpy(found.truth).to(model.reader.device)
    for start in range(0, len(found.ids), TOGETHER):
        check(cancelled)
        if progress:
            progress(start / len(found.ids))
        part = slice(start, start + TOGETHER)
        inputs = values[part]
        with sureness.timed(inputs):
            logits = model.forward(inputs)[1]
        guess.append(logits.argmax(1))
        sureness.take(logits, truth[part])
    return torch.cat(guess).cpu().numpy(), sureness.answers(found.ids)


def conditions_of(data: LabelledSet, images: int) -> dict[str, str]:
    """What figures must share to be compared."""
    of = f"{images:,} of {len(data):,}" if images < len(data) else f"all {images:,}"
    said = {"split": f"{of} {data.what} of “{data.title}”", "batch norm": "running statistics"}
    return said | {"data": data.fingerprint}


def title_of(choice: DatasetChoice, data: LabelledSet) -> str:
    """ "holiday/test" of a folder: many are called "test"."""
    return "/".join(Path(choice.path).absolute().parts[-2:]).lstrip("/") if choice.path else data.title


def left_out(found: Matched, names: tuple[str, ...], learnt: int, what: str = "images") -> Iterator[str]:
    if learnt:
        yield f"{count(learnt, what)} that the run learnt from {'was' if learnt == 1 else 'were'} left out."
    if found.unknown:
        unknown = tuple(found.unknown)
        yield (
            f"{count(sum(found.unknown.values()), what)} of {count(len(unknown), 'classes')} that it does not know"
            f" were left out: {said(unknown)}."
        )
    met = np.unique(found.truth)
    if len(met) == 1 and len(names) > 1:
        yield f"Only {what} of “{names[int(met[0])]}”: the accuracy is the share of them that is found."
    elif found.missing:
        yield f"No {what[:-1]} of {count(len(found.missing), 'classes')} that it knows: {said(found.missing)}."
