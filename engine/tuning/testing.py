"""The test figures of a supervised run: plain, balanced over the classes, and on each further shift."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

import numpy as np
import torch

from engine.backbones.backbone import Backbone
from engine.comparison.intervals import Interval, balanced_interval, wilson
from engine.data.findings import Finding
from engine.data.findings import protocol as noted
from engine.data.shifts import describe, short
from engine.events import Evaluated, Preparing
from engine.experiment import Experiment
from engine.preparation.inputs import Labelled
from engine.provenance.seen import KEY
from engine.tuning.learners import batches
from engine.tuning.material import Material

UNSEEN = "test/accuracy, not seen before"
UNEVEN = 1.2  # largest test class against the smallest, from which accuracy over classes is told too


def test(
    model: Backbone, material: Material, experiment: Experiment, weights: str, bf16: bool
) -> Iterator[Preparing | Evaluated]:
    """Predict every test image once, in eval mode; intervals are Wilson's over images."""
    said = protocol(material, experiment, weights)
    guess, truth = yield from predict(model, material, material.test, bf16, "Testing")
    yield evaluated("test/accuracy", material.test, guess, truth, said, material.class_names)
    yield from unseen(material.findings, material.test.ids, guess, truth, said)
    if is_uneven(truth, len(material.class_names)):
        yield balanced(guess, truth, said, len(material.class_names))
    for shift, labelled in material.further:
        guess, truth = yield from predict(model, material, labelled, bf16, "Testing on further images")
        words = said | {"shift": describe(shift) if shift is not None else "none"}
        name = short(shift) if shift is not None else "no shift"
        yield evaluated(f"test/accuracy, {name}", labelled, guess, truth, words, material.class_names)


@torch.no_grad()
def predict(
    model: Backbone, material: Material, labelled: Labelled, bf16: bool, text: str
) -> Generator[Preparing, None, tuple[np.ndarray, np.ndarray]]:
    """Yields `Preparing`, returns the predicted and the true class of each image, int64 [n]."""
    model.eval()
    predicted = []
    for part in batches(len(labelled)):
        yield Preparing(text, part.start / len(labelled))
        with torch.autocast(labelled.pixels.device.type, torch.bfloat16, enabled=bf16):
            predicted.append(model(material.shape(labelled.pixels[part])).argmax(1))
    return torch.cat(predicted).cpu().numpy(), labelled.labels.cpu().numpy()


def evaluated(
    metric: str, labelled: Labelled, guess: np.ndarray, truth: np.ndarray, said: dict[str, str], names: tuple[str, ...]
) -> Evaluated:
    found = wilson(int((guess == truth).sum()), len(truth))
    return Evaluated(
        metric, found.value, found.low, found.high, found.n, "images", said,
        ids=labelled.ids.astype(np.int64), truth=truth.astype(np.int16), predicted=guess.astype(np.int16),
        class_names=names,
    )  # fmt: skip


def unseen(
    found: Iterable[Finding], ids: np.ndarray, guess: np.ndarray, truth: np.ndarray, said: dict[str, str]
) -> Iterator[Evaluated]:
    """Accuracy on the test images [n] that the weights had not met before, where they had met others."""
    for one in found:
        if one.unseen is not None and (keep := np.isin(ids, one.unseen)).any():
            share = wilson(int((guess == truth)[keep].sum()), int(keep.sum()))
            yield Evaluated(UNSEEN, share.value, share.low, share.high, share.n, "images", said | {KEY: "nothing"})


def is_uneven(truth: np.ndarray, classes: int) -> bool:
    """Whether test classes [n] differ so much in size that accuracy over classes is told too."""
    sizes = np.bincount(truth, minlength=classes)
    return bool(sizes.max() > UNEVEN * sizes.min())


def balanced(guess: np.ndarray, truth: np.ndarray, said: dict[str, str], classes: int) -> Evaluated:
    """Mean of the classes' accuracies, for test sets whose classes have different numbers of images."""
    per_class = [(int((guess[truth == c] == c).sum()), int((truth == c).sum())) for c in range(classes)]
    found: Interval = balanced_interval([pair for pair in per_class if pair[1]])
    words = said | {"interval": "95 %, Wilson by the effective number of images, classes weighted alike"}
    met = sum(count > 0 for _, count in per_class)
    words |= {"balanced over": f"{met} of {classes} classes"} if met < classes else {}
    return Evaluated("test/balanced accuracy", found.value, found.low, found.high, found.n, "images", words)


def protocol(material: Material, experiment: Experiment, weights: str) -> dict[str, str]:
    """What it takes to believe the figure."""
    shift = experiment.dataset.shift
    said = {
        "split": material.split.description,
        "split seed": str(experiment.dataset.split_seed),
        "batch norm": "running statistics",
        "interval": "95 % Wilson, over test images",
        "weights": weights,
        "validation": f"{len(material.validation)} images",
        "data": material.data.fingerprint,
    }
    said |= noted(material.findings)
    return said | ({"shift": describe(shift)} if shift is not None else {})
