"""What to start with on these images, and why: rules over a few facts and measured scores. Torch-free.

The rules follow the literature where it agrees (Kumar et al. 2022 for LP-FT, Tian et al. 2020 for few labels) and this
project's own measurements where it does not: on digits, which nearest neighbours tell apart better in raw pixels than
in any pretrained features, training from scratch was ahead at every label count (BENCHMARKS.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import registry
from engine.backbones import catalog
from engine.comparison.intervals import paired_share_interval
from engine.comparison.wording import percent
from engine.data.images import images_of
from engine.data.sources import load
from engine.data.splits import split_images
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice

PIXELS = "pixels"  # stands for no backbone at all
VERY_FEW, MANY = 2, 50  # labels per class
SMALL_IMAGE = 64  # pixels on a side up to which a small network can be trained from nothing
LITTLE = 0.25  # share of the errors on raw pixels that weights must take away to be called a good start
UNEVEN = 3  # times the smallest class
GENTLE = "Very gently"  # preset of LP-FT


@dataclass(frozen=True)
class DataFacts:
    """labels, most: labelled training images of the smallest and the largest class. images: of all classes. side: of
    an image, the shorter one, in pixels."""

    labels: int
    most: int
    classes: int
    images: int
    side: int
    channels: int


@dataclass(frozen=True, eq=False)
class Score:
    """How many of the same images the nearest neighbours in a backbone's features get right, each left out once.

    backbone: its name, or `PIXELS`. right: bool [images]. k: neighbours that vote.
    """

    backbone: str
    weights: str
    title: str
    parameters: int
    right: NDArray[np.bool_]
    k: int

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.right))


@dataclass(frozen=True)
class Recommendation:
    """title: one line. reasons: sentences, the most important first. measured: whether scores were looked at."""

    backbone: BackboneChoice
    method: MethodChoice
    title: str
    reasons: tuple[str, ...]
    measured: bool = field(default=False)


def facts_of(choice: DatasetChoice) -> DataFacts:
    """What the rules need of a data set; raises `ExperimentError` when it cannot be read or divided."""
    data = images_of(load(choice))
    if not data.labelled:
        raise InvalidExperiment(
            "What suits data is found out by their labels, and these have none.",
            "Choose a pretraining method, or pick the folder around the class folders.", "dataset",
        )  # fmt: skip
    split = split_images(data, choice, 0)
    tally = np.array([(data.labels[split.train] == one).sum() for one in split.classes])
    side = min(data.typical_size)
    return DataFacts(int(tally.min()), int(tally.max()), len(tally), len(split.train), side, data.channels)


def recommend(facts: DataFacts, scores: Sequence[Score]) -> Recommendation:
    """scores: of raw pixels and of backbones, on the same images; without them the advice rests on the facts alone."""
    pixels = next((score for score in scores if score.backbone == PIXELS), None)
    start = preferred([score for score in scores if score.backbone != PIXELS])
    if pixels is None or start is None:
        return _unmeasured(facts)
    if paired_share_interval(start.right, pixels.right).low > 0:
        return _transfer(facts, start, pixels)
    return _no_transfer(facts, start, pixels)


def preferred(scores: Sequence[Score]) -> Score | None:
    """The smallest network whose score is not clearly below the best one; of equally small ones the best."""
    if not scores:
        return None
    best = max(scores, key=lambda score: score.accuracy)
    level = [score for score in scores if paired_share_interval(best.right, score.right).low <= 0]
    return min(level, key=lambda score: (score.parameters, -score.accuracy))


# The rules


def _unmeasured(facts: DataFacts) -> Recommendation:
    name, weights = usual_start(facts.side, facts.channels)
    title = start_title(name, weights)
    method, why = by_labels(facts)
    doubt = "Whether the weights suit these data is not measured yet; where they do not, other advice holds."
    return _recommendation(facts, name, weights, method, title, (why, doubt), measured=False)


def _transfer(facts: DataFacts, start: Score, pixels: Score) -> Recommendation:
    method, why = by_labels(facts)
    gained = (start.accuracy - pixels.accuracy) / max(1e-9, 1 - pixels.accuracy)
    verdict = "The weights suit these data" if gained >= LITTLE else "The weights help, but not by much"
    reasons = (f"{verdict}: {compared(facts, start, pixels)}.", why)
    return _recommendation(facts, start.backbone, start.weights, method, start.title, reasons)


def _no_transfer(facts: DataFacts, start: Score, pixels: Score) -> Recommendation:
    measured = f"No weights on this machine suit these data: {compared(facts, start, pixels, 'the best features')}."
    if facts.side <= SMALL_IMAGE:
        smallest = min(catalog.image_backbones(), key=lambda info: info.parameters)
        why = "Digits are such data: from 1 to 10 labels per class training from scratch was ahead of every warm start."
        return _recommendation(facts, smallest.name, "random", "scratch", smallest.title, (measured, why))
    if facts.labels >= MANY:
        why = f"{labels_words(facts)} are enough to change every layer."
        return _recommendation(facts, start.backbone, start.weights, "full_ft", start.title, (measured, why))
    why = f"{labels_words(facts)} are too few to learn from nothing, so expect little; more labels would help most."
    return _recommendation(facts, start.backbone, start.weights, "lp_ft", start.title, (measured, why))


def by_labels(facts: DataFacts) -> tuple[str, str]:
    """(method, why) by the number of labels, where the weights suit the images."""
    if facts.labels <= VERY_FEW:
        return "linear_probe", (
            f"{labels_words(facts)} suffice for a new last layer and nothing more; the head bench compares other heads."
        )
    if facts.labels < MANY:
        return "lp_ft", f"With {labels_words(facts)}: train the last layer first, then everything gently."
    return "lp_ft", (
        f"With {labels_words(facts)}: train the last layer first, then everything; "
        "full fine-tuning may catch up and is worth comparing."
    )


def usual_start(side: int, channels: int) -> tuple[str, str]:
    """(backbone, weights) on this machine for images of such a side: a photo network for large or coloured ones."""
    photos = channels == 3 or side > SMALL_IMAGE
    here = [
        (info, one.name) for info in catalog.image_backbones() for one in catalog.weights(info.name)
        if one.kind != "random" and one.here
    ]  # fmt: skip
    fitting = [pair for pair in here if (pair[0].form.channels == 3) == photos] or here
    if not fitting:
        return catalog.backbones()[0].name, "random"
    info, weights = fitting[0]  # the first in the list is what one begins with
    return info.name, weights


def _recommendation(
    facts: DataFacts,
    backbone: str,
    weights: str,
    method: str,
    start: str,
    reasons: tuple[str, ...],
    measured: bool = True,
) -> Recommendation:
    chosen = registry.method(method)
    values: dict[str, Any] = {}
    if method == "lp_ft" and catalog.backbone(backbone).form.channels == 3:
        values |= chosen.presets.get(GENTLE, {})
    if facts.most >= UNEVEN * facts.labels and "class_weights" in chosen.Hyperparameters.model_fields:
        values["class_weights"] = "balanced"
        uneven = f"Classes have {facts.labels} to {facts.most} labels, so every class is made to count the same."
        reasons = (*reasons, uneven)
    return Recommendation(
        catalog.as_pretrained(BackboneChoice(name=backbone, weights=weights)),
        MethodChoice(name=method, hyperparameters=values),
        f"{chosen.title} with {start}", reasons, measured,
    )  # fmt: skip


# Words


def compared(facts: DataFacts, start: Score, pixels: Score, features: str = "its features") -> str:
    """ "nearest neighbours get 94.0 % right in its features, 59.8 % in raw pixels (chance 2.5 %; 480 images …)"."""
    count = len(start.right)
    more = ", more than the run will use" if count > facts.images else ""
    return (
        f"nearest neighbours get {percent(start.accuracy)} right in {features}, {percent(pixels.accuracy)} in raw "
        f"pixels (chance {percent(1 / facts.classes)}; {count} training examples{more})"
    )


def labels_words(facts: DataFacts) -> str:
    """ "5 labels per class", by the smallest class."""
    return f"{facts.labels} label{'' if facts.labels == 1 else 's'} per class"


def start_title(backbone: str, weights: str) -> str:
    """ "Conv-4 (Omniglot, supervised)"."""
    known = {one.name: one.title for one in catalog.weights(backbone)}
    return f"{catalog.backbone(backbone).title} ({known.get(weights, weights)})"
