"""What a bench will cost: one pass of all images, and fits of which two of each are timed on made-up clouds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.backbones.backbone import parameter_count
from engine.bench.draws import LabelCount, plan
from engine.bench.features import CHUNK
from engine.bench.measure import FOLDED_DRAWS, FOLDS
from engine.bench.of_texts import heads_of
from engine.data.sources import load
from engine.data.splits import split_images
from engine.experiment import Experiment
from engine.families import Cost
from engine.heads.head import Head
from engine.methods.bench.head_bench import HeadBench
from engine.preparation.inputs import normaliser, positions
from engine.preparation.shrunk import shrunk, values_of
from engine.tuning.learners import EVALUATION_BATCH
from engine.tuning.timing import Timing, activations, seconds_of

FEW_LABELS, MORE_LABELS = 2, 15  # labels per class of the fits that are timed,
MOST_IMAGES = 500  # or fewer where there are many classes
WORDS = 10  # of a text that is made up


def bench_cost(experiment: Experiment, method: HeadBench) -> Cost:
    """Every image goes through the network once; an epoch is that pass."""
    data = load(experiment.dataset)
    split = split_images(data, experiment.dataset, experiment.seed)
    classes = len(split.classes)
    counts, _ = plan(method.counts, positions(data.labels[split.train], split.classes).numpy(),
                     [data.class_names[c] for c in split.classes])  # fmt: skip
    once, heads = passing(experiment, method.alone), heads_of(method, data)
    embedding = once.seconds * (len(split.train) + len(split.test) * (1 + len(experiment.dataset.tested_on)))
    fitting = bench_seconds(heads, counts, classes, once.values, method.hyperparameters.repeats)
    head = (once.values + 1) * classes if once.values else 0
    memory = 4 * once.parameters + 4 * once.values * (len(split.train) + len(split.test)) + once.memory
    return Cost(
        head, once.parameters + head, len(counts) * len(heads), embedding, embedding + fitting, memory,
        remark=f"No network is asked: {method.alone.instead}." if method.alone is not None else "",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passing:
    """What an example takes before heads learn. seconds: of one. values: that come of it. parameters: of the network.
    memory: bytes meanwhile."""

    seconds: float = 0.0
    values: int = 0
    parameters: int = 0
    memory: int = 0


def passing(experiment: Experiment, alone: Head | None) -> Passing:
    """Through the network; or for the one head that asks none: pixels are made small, words are counted by itself."""
    if alone is None:
        timing = Timing(experiment, None, EVALUATION_BATCH)
        model, layers = timing.model, activations(timing.model, timing.images, timing.shape)
        return Passing(timing.forward, model.features, parameter_count(model), layers)
    if alone.of_texts:
        return Passing()
    shape = normaliser(experiment.backbone)
    images = torch.zeros((CHUNK, *shape.row), dtype=torch.uint8)
    seconds = seconds_of(lambda: shrunk(images)) / len(images)
    return Passing(seconds, values_of(shape.size, shape.channels), memory=4 * images.numel())


def bench_seconds(
    heads: Sequence[Head], counts: Sequence[LabelCount], classes: int, features: int, repeats: int
) -> float:
    """Seconds of all fits; the time of a fit is taken to grow evenly with the labelled images."""
    total, more_labels = 0.0, max(FEW_LABELS + 1, min(MORE_LABELS, MOST_IMAGES // classes))
    for head in heads:
        timed(head, classes, features, 2)  # loads what it needs
        few, more = (np.array(timed(head, classes, features, labels)) for labels in (FEW_LABELS, more_labels))
        slope = np.maximum(0.0, more - few) / (more_labels - FEW_LABELS)
        for count in counts:
            tuning, fit = np.minimum(few, more) + slope * max(0, count.position - FEW_LABELS)
            draws = 1 if count.same else repeats
            folds = min(FOLDS, count.position) if count.position > 1 else 0
            total += float((draws + min(draws, FOLDED_DRAWS) * folds) * (tuning + fit))
    return total


def timed(head: Head, classes: int, features: int, labels: int) -> tuple[float, float]:
    """(seconds to tune, seconds to fit and score as many images)."""
    places = np.repeat(np.arange(classes), labels)
    rng = np.random.default_rng(0)
    clouds = 2 * rng.normal(size=(classes, features))[places] + rng.normal(size=(len(places), features))
    if head.of_texts:
        clouds = np.array(
            [" ".join(map(str, numbers)) for numbers in rng.integers(MOST_IMAGES, size=(len(places), WORDS))]
        )
    begin = time.perf_counter()
    tuned = head.tuned(clouds, places, classes, 0)
    between = time.perf_counter()
    tuned.fit(clouds, places, classes)(clouds)
    return between - begin, time.perf_counter() - between
