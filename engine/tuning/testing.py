"""The test figures of a supervised run: plain, balanced over the classes, and on each further shift."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from engine.backbones.backbone import Backbone
from engine.backbones.precision import rounded
from engine.comparison.answers import Answers, keep
from engine.comparison.intervals import Interval, balanced_interval, wilson
from engine.data.findings import Finding
from engine.data.findings import protocol as noted
from engine.data.hashes import short_hash
from engine.data.labelled_set import LabelledSet
from engine.data.shifts import condition_words, describe
from engine.data.splits import ImageSplit
from engine.events import Evaluated, Event, Notice, Preparing
from engine.experiment import Experiment, Shift
from engine.metrics import SHIFT, TESTED
from engine.preparation.inputs import Labelled
from engine.provenance.seen import KEY
from engine.tuning.at_test import AsItIs
from engine.tuning.material import Material
from engine.tuning.outside import none_of_these
from engine.tuning.sureness import Sureness

UNSEEN = {"items": "not seen before"}  # where the figure on those alone is measured
WILSON = "95 % Wilson, over test images"
UNEVEN = 1.2  # largest test class against the smallest, from which accuracy over classes is told too


def test(
    model: Backbone, material: Material, experiment: Experiment, weights: str, bf16: bool, folder: Path, way: AsItIs
) -> Iterator[Event]:
    """Every figure with what holds for all of them. folder: the run's own, for what is kept of each test image."""
    shared = {**conditions(material.split, material.data, experiment), **way.conditions}
    notes = {
        "weights": weights,
        "validation": f"{len(material.validation)} {material.data.what}",
        **noted(material.findings),
    }
    for event in figures(model, material, bf16, folder, way):
        if isinstance(event, Evaluated):
            yield of_what(event, material.data.what).given(shared, {**notes, **way.notes})
        else:
            yield event


def figures(model: Backbone, material: Material, bf16: bool, folder: Path, way: AsItIs) -> Iterator[Event]:
    """Predict every test image once, in eval mode."""
    guess, truth, answers = yield from predict(model, material, material.test, bf16, "Testing", way)
    yield from kept(answers, folder)
    yield evaluated(material.test.ids, guess, truth, material.class_names)
    yield from beside(material.findings, material.test.ids, guess, truth, len(material.class_names))
    further = f"Testing on further {material.data.what}"
    for shift, labelled in material.further:
        guess, truth, _ = yield from predict(model, material, labelled, bf16, further, way)
        yield under(shift, evaluated(labelled.ids, guess, truth, material.class_names))
    yield from none_of_these(model, material, bf16)


def kept(answers: Answers, folder: Path) -> Iterator[Notice]:
    """How sure it was of each image, in the run's folder; a disk that refuses it does not cost the run its figure."""
    try:
        keep(answers, folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        yield Notice(f"How sure the network was of each test example could not be written ({reason}).", "warning")


@torch.no_grad()
def predict(
    model: Backbone, material: Material, labelled: Labelled, bf16: bool, text: str, way: AsItIs
) -> Generator[Preparing, None, tuple[np.ndarray, np.ndarray, Answers]]:
    """Yields `Preparing`, returns the predicted and the true class of each image, int64 [n], and how sure it was."""
    predicted, sureness = [], Sureness(way.batch)
    with way.answering(model) as answer:
        for done, part in way.parts(labelled):
            yield Preparing(text, done / len(labelled))
            inputs = material.shape(labelled.inputs[part])
            with rounded(model, bf16), sureness.timed(inputs):
                outputs = answer(inputs)
            predicted.append(outputs.argmax(1))
            sureness.take(outputs, labelled.labels[part] if isinstance(part, slice) else labelled.labels_of(part))
    guess, order = torch.cat(predicted).cpu(), way.order(len(labelled))
    places = slice(None) if order is None else order.argsort()
    return guess[places].numpy(), labelled.labels.cpu().numpy(), sureness.answers(labelled.ids, places)


def evaluated(ids: np.ndarray, guess: np.ndarray, truth: np.ndarray, names: tuple[str, ...]) -> Evaluated:
    """Accuracy over test images [n] with Wilson's interval."""
    found = wilson(int((guess == truth).sum()), len(truth))
    return Evaluated(
        "test/accuracy", found.value, found.low, found.high, found.n, "images", notes={"interval": WILSON},
        ids=ids.astype(np.int64), truth=truth.astype(np.int16), predicted=guess.astype(np.int16), class_names=names,
    )  # fmt: skip


def of_what(figure: Evaluated, what: str) -> Evaluated:
    """The figure of examples that are `what`, "texts", where it speaks of images."""
    if what == "images" or figure.unit != "images":
        return figure
    notes = {
        name: said.replace("images", what) if isinstance(said, str) else said for name, said in figure.notes.items()
    }
    return replace(figure, unit=what, notes=notes)


def under(shift: Shift | None, figure: Evaluated) -> Evaluated:
    """The figure as one of further test images, put through `shift` instead of the run's own."""
    said = {SHIFT: "none" if shift is None else describe(shift)}
    return replace(figure, at={SHIFT: condition_words(shift)}, conditions=said)


def beside(
    found: Iterable[Finding], ids: np.ndarray, guess: np.ndarray, truth: np.ndarray, classes: int
) -> Iterator[Evaluated]:
    """The same predictions [n] seen otherwise: on the images alone that the weights had not met before, where they had
    met others, and with all classes weighted alike, where they differ in size."""
    for one in found:
        if one.unseen is not None and (keep := np.isin(ids, one.unseen)).any():
            share = wilson(int((guess == truth)[keep].sum()), int(keep.sum()))
            notes = {"interval": WILSON, KEY: "nothing"}
            yield Evaluated("test/accuracy", share.value, share.low, share.high, share.n, "images", UNSEEN, notes=notes)
    sizes = np.bincount(truth, minlength=classes)
    if sizes.max() > UNEVEN * sizes.min():
        yield balanced(guess, truth, classes)


def balanced(guess: np.ndarray, truth: np.ndarray, classes: int) -> Evaluated:
    """Mean of the classes' accuracies, for test sets whose classes have different numbers of images."""
    per_class = [(int((guess[truth == c] == c).sum()), int((truth == c).sum())) for c in range(classes)]
    found: Interval = balanced_interval([pair for pair in per_class if pair[1]])
    notes = {"interval": "95 %, Wilson by the effective number of images, classes weighted alike"}
    met = sum(count > 0 for _, count in per_class)
    notes |= {"balanced over": f"{met} of {classes} classes"} if met < classes else {}
    return Evaluated("test/balanced accuracy", found.value, found.low, found.high, found.n, "images", notes=notes)


def tested_images(split: ImageSplit, data: LabelledSet) -> str:
    """A hash that is the same where the same images of the same classes are tested in the same order, whatever else
    the sets hold."""
    ids = np.sort(split.test)
    names = (data.class_names[label] for label in data.labels[ids])
    return short_hash(data.contents[ids].astype("<u8").tobytes(), *names)


def conditions(split: ImageSplit, data: LabelledSet, experiment: Experiment) -> dict[str, str]:
    """What figures must have in common to be compared."""
    shift = experiment.dataset.shift
    said = {
        "split": split.description,
        "split seed": str(experiment.dataset.split_seed),
        "batch norm": "running statistics",
        "data": data.fingerprint,
        TESTED: tested_images(split, data),
    }
    return said | ({SHIFT: describe(shift)} if shift is not None else {})
