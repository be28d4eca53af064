"""A run that learns from images or texts without their labels, and what neighbours say of its features at the end."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.artifacts.bookmark import Bookmark
from engine.artifacts.checkpoints import Checkpoints, kept
from engine.artifacts.weights import build_backbone
from engine.backbones import catalog
from engine.backbones.backbone import Backbone, digest, snapshot
from engine.data.findings import protocol as noted
from engine.data.text_set import TextSet
from engine.errors import DataError, WeightsError
from engine.events import Evaluated, Event, Notice, Preparing, RunStarted
from engine.experiment import Experiment
from engine.heads.counted_words import PATTERN
from engine.machine.devices import torch_device
from engine.machine.limits import Limits, heeding, last_words
from engine.parallel.leading import together
from engine.parallel.passes import ALONE, Passes
from engine.preparation.held import read_ahead
from engine.preparation.shrunk import shrunk
from engine.pretraining.looking import (
    COUNTED,
    KNOWN,
    FixedImages,
    Sample,
    by_neighbours,
    features_of,
    neighbours,
    sample,
)
from engine.pretraining.method import PretrainMethod
from engine.pretraining.picturing import Pictures
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import facts as parameters
from engine.pretraining.training import Pretraining
from engine.provenance.noted import findings, notices, write_down
from engine.tuning.material import Material, read_material
from engine.tuning.testing import conditions, evaluated, of_what

START = "start"  # where a figure of other features than the run's own was measured


def run_pretraining(
    experiment: Experiment, method: PretrainMethod, directory: Path, limits: Limits, bookmark: Bookmark
) -> Iterator[Event]:
    """Read, build, learn without labels, test by nearest neighbours. Raises `ExperimentError` for what a person can
    mend."""
    with together(experiment) as passes:
        yield from _pretraining(experiment, method, directory, limits, bookmark, passes)


def _pretraining(
    experiment: Experiment, method: PretrainMethod, directory: Path, limits: Limits, bookmark: Bookmark, passes: Passes
) -> Iterator[Event]:
    material = yield from heeding(limits, read_material(experiment, torch_device(experiment.device)))
    write_down(experiment, method, material.data, material.split, directory)
    found = findings(experiment, method, material.data, material.split, directory.parent)
    material = replace(material, findings=found)
    training = prepared(experiment, method, material, Checkpoints(directory, bookmark), limits, passes)
    minutes = limits.minutes if limits.only_time else None
    told = facts(training, material)
    yield RunStarted(
        training.total_steps, training.steps_per_epoch, training.pool.batch, told, minutes=minutes or 0.0
    )  # fmt: skip
    yield from bookmark.once(remarks(training, method, material))
    yield from learn(training, bookmark, material)
    weights = chosen(training, method)
    yield from test(experiment, training, material, weights, directory)
    yield from training.checkpoints.insist()
    total = training.total_steps
    done = f"{training.epoch:,} of {method.epochs:,} epochs" if total else f"{training.epoch:,} epochs"
    yield from last_words(limits, training.step, total, done)


def prepared(
    experiment: Experiment, method: PretrainMethod, material: Material, checkpoints: Checkpoints, limits: Limits,
    passes: Passes = ALONE,
) -> Pretraining:  # fmt: skip
    """The network with its weights and all that is needed to train it; raises `StorageError` where the run began with
    other images or weights."""
    model = build_backbone(experiment.backbone, None, experiment.seed, checkpoints.directory.parent)
    model = model.to(material.train.device)
    what = material.data.what
    if len(material.train) < 2:
        raise DataError(f"There is one training {what[:-1]}, and nothing to learn from.", f"Choose more {what}.")
    for name in method.kept_blocks(tuple(model.blocks)):
        model.blocks[name].requires_grad_(False)
    checkpoints.bookmark.require("images", material.data.fingerprint)
    checkpoints.bookmark.require("weights", digest(snapshot(model)))
    labelled = method.hyperparameters.judged != "no labels" and material.data.labelled
    looks = FixedImages(material.train, material.validation, material.shape, experiment.dataset.split_seed, labelled)
    pictures = Pictures(
        looks, material.train, material.validation, checkpoints.directory, experiment.dataset.split_seed,
        material.data if isinstance(material.data, TextSet) else None,
    )  # fmt: skip
    return Pretraining(
        model, method, material.train, looks, material.shape, pool_of(material, method), checkpoints, limits, pictures,
        seed=experiment.seed, bf16=experiment.precision == "bfloat16", passes=passes,
    )  # fmt: skip


def pool_of(material: Material, method: PretrainMethod) -> Pool:
    """The training images or texts, without their labels."""
    images, shape = len(material.train), material.shape
    batch = min(method.hyperparameters.batch_size, images)
    texts = material.data.shown(material.train.ids, material.shift) if isinstance(material.data, TextSet) else ()
    return Pool(images, shape.size, shape.channels, material.background, batch, shape.tokenizer, texts)


def facts(training: Pretraining, material: Material) -> dict[str, Any]:
    """What the window shows beside a run."""
    collapsed, ignorant = (ask(training.pool) for ask in (training.method.collapsed, training.method.ignorant))
    what = material.data.what
    return {
        "classes": len(material.split.classes),
        f"training {what}": len(material.train),
        f"validation {what}": len(material.validation),
        f"test {what}": len(material.test),
        "labels": used_labels(training, material),
        **parameters(training.model, training.pretext),
        **({} if collapsed is None else {"loss when collapsed": f"{collapsed:.3f}"}),
        **({} if ignorant is None else {"loss of who knows nothing": f"{ignorant:.3f}"}),
        "split": material.split.description,
        "data": material.data.fingerprint,
    }


def used_labels(training: Pretraining, material: Material) -> str:
    if not material.data.labelled:
        return "there are none"
    if training.method.learns_labels:
        return f"of the training {material.data.what} are learnt from"
    return "choose which of its weights are kept" if training.method.keeps_best else "none are learnt from"


def remarks(training: Pretraining, method: PretrainMethod, material: Material) -> Iterator[Notice]:
    """What a person should know before it begins."""
    yield from notices(material.findings)
    if training.pretext.bf16:
        yield Notice("It learns and answers its own question in bfloat16; neighbours and tests are in float32.")
    if training.looks.asked is None:
        yield Notice("No labels are looked at while it learns: the last weights are kept.")
    for said in method.remarks(training.pool, material.data.characters):
        yield Notice(said, "warning")


def learn(training: Pretraining, bookmark: Bookmark, material: Material) -> Iterator[Event]:
    """Train from the start or from where it was, and keep the weights."""
    used = 0.0
    if bookmark.found is not None and "network" in bookmark.found:
        training.load_state(bookmark.found)
        used = bookmark.found["used"]
    training.limits.start(used)
    with read_ahead(*material.inputs):
        yield from kept(training, training.checkpoints)


def chosen(training: Pretraining, method: PretrainMethod) -> str:
    """Load the weights to be tested and say which they are."""
    best = training.checkpoints.best
    if best is None:
        return f"last step ({training.step:,})"
    training.model.load_state_dict(best)
    return f"step {training.checkpoints.best_step:,}, whose neighbours agreed best"


# What is known at the end


@dataclass(frozen=True, eq=False)
class NeighbourTest:
    """Training examples that are known and test examples that are asked for their nearest neighbours among them."""

    known: Sample
    asked: Sample
    material: Material

    def figure(self, known: Tensor, asked: Tensor) -> Evaluated:
        """Of features [n, d] and [m, d]."""
        said = by_neighbours(known, self.known.labels, asked, self.k).numpy()
        one = evaluated(self.material.test.ids, said, self.asked.labels.numpy(), self.material.class_names)
        return of_what(replace(one, metric="test/neighbours"), self.material.data.what)

    def beside(self) -> tuple[str, Tensor, Tensor]:
        """What needs no network: its name, and its features of what is known and of what is asked."""
        data = self.material.data
        if isinstance(data, TextSet):
            known, asked = (data.shown(one.ids, self.material.shift) for one in (self.known, self.asked))
            return "counted words", *counted(known, asked)
        return "raw pixels", pixels(self.known), pixels(self.asked)

    @property
    def k(self) -> int:
        return neighbours(self.known.labels)


def test(
    experiment: Experiment, training: Pretraining, material: Material, weights: str, directory: Path
) -> Iterator[Event]:
    """The run's own figure first, then those of what it must be better than to mean anything; none without labels."""
    if not material.data.labelled:
        yield Notice("There are no labels to test by: what its weights are worth, runs that start from them say.")
        return
    part, what = material.test, material.data.what
    everything = Sample(part.inputs, torch.arange(len(part)), part.labels.cpu(), part.ids)
    exam = NeighbourTest(sample(material.train, KNOWN, experiment.dataset.split_seed), everything, material)
    shared = conditions(material.split, material.data, experiment)
    shared |= {"neighbours": f"{exam.k} nearest of {len(exam.known)} training {what}, by cosine"}
    labels = f"of the training {what}, learnt from" if training.method.learns_labels else "of the neighbours alone"
    notes = {"weights": weights, "labels": labels, **noted(material.findings)}
    for figure in figures(experiment, training.model, exam, directory, training.limits):
        yield figure if isinstance(figure, Preparing) else figure.given(shared, notes)


def figures(
    experiment: Experiment, model: Backbone, exam: NeighbourTest, directory: Path, limits: Limits
) -> Generator[Preparing | Evaluated, None, None]:
    shape = exam.material.shape
    yield Preparing("Testing by nearest neighbours")
    yield exam.figure(features_of(model, shape, exam.known), features_of(model, shape, exam.asked))
    for title, other in others(experiment, directory.parent, limits):
        yield Preparing(f"Testing {title} beside it")
        other = other.to(exam.material.train.device)
        both = features_of(other, shape, exam.known), features_of(other, shape, exam.asked)
        yield replace(exam.figure(*both), at={START: title}, ids=None, truth=None, predicted=None)
    yield Preparing(f"Testing {'counted words' if exam.material.data.what == 'texts' else 'raw pixels'} beside it")
    title, *features = exam.beside()
    yield replace(exam.figure(*features), at={START: title}, ids=None, truth=None, predicted=None)


def others(experiment: Experiment, runs: Path, limits: Limits) -> Iterator[tuple[str, Backbone]]:
    """The same network with random weights, with those it started from, and with others that are on this machine; what
    cannot be read (any more) is left out, for it costs the run nothing."""
    choice = experiment.backbone
    known = {one.name: f"weights of {one.title}" for one in catalog.weights(choice.name) if one.here}
    started = {} if choice.weights in known else {choice.weights: "weights it started from"}
    for name, title in {"random": "", **started, **known}.items():
        if limits.asked_to_stop:
            return
        start = choice.model_copy(update={"weights": name})
        network = None
        with suppress(WeightsError):
            network = build_backbone(start, None, experiment.seed, runs)
        if network is not None:
            yield title if name != "random" else "random weights", network


def counted(known: list[str], asked: list[str]) -> tuple[Tensor, Tensor]:
    """Which words each text has, the rarer the more, float32 [n, words] and [m, words]: the most frequent ones of the
    known texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    counting = TfidfVectorizer(sublinear_tf=True, max_features=COUNTED, token_pattern=PATTERN, dtype=np.float32)
    if not any(re.search(PATTERN, text) for text in known):
        return torch.zeros(len(known), 1), torch.zeros(len(asked), 1)
    first = torch.from_numpy(counting.fit_transform(known).toarray())
    return first, torch.from_numpy(counting.transform(asked).toarray())


def pixels(seen: Sample) -> Tensor:
    """The images themselves, made small, float32 [n, values]."""
    return torch.cat([shrunk(images.cpu()) for images in seen.pixels()])
