"""A meta-learning run from the experiment to the test figure over fixed episodes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine.backbones.backbone import Backbone, parameter_count
from engine.backbones.weights import build_backbone
from engine.checkpoints import Checkpoints, kept
from engine.comparison.intervals import episode_interval
from engine.data.episodes import Episode, EpisodeSampler, evaluation_episodes
from engine.data.images import ImageSet
from engine.data.sources import load
from engine.data.splits import ClassSplit, split_classes
from engine.devices import torch_device
from engine.events import Evaluated, Event, Preparing, RunStarted
from engine.experiment import Experiment
from engine.inputs import decode, normaliser
from engine.limits import Limits, heeding, last_words
from engine.meta.evaluation import episode_scores
from engine.meta.task import TaskImages
from engine.meta.training import MetaTraining
from engine.methods.base import MetaLearner

VALIDATION_SEED, TEST_SEED = 1, 2


@dataclass(frozen=True)
class MetaMaterial:
    """What a meta-learning run works on."""

    data: ImageSet
    split: ClassSplit
    images: TaskImages
    sampler: EpisodeSampler
    validation: Sequence[Episode]
    test: Sequence[Episode]


def run_meta(experiment: Experiment, method: MetaLearner, directory: Path, limits: Limits) -> Iterator[Event]:
    """Read, build, meta-train, meta-test. Raises `ExperimentError` for what a person can mend."""
    device = torch_device(experiment.device)
    material = yield from heeding(limits, read_material(experiment, method, device))
    model = build(experiment, method, directory.parent).to(device)
    checkpoints = Checkpoints(directory)
    training = MetaTraining(
        model, method, material.images, material.sampler, material.validation, checkpoints, limits,
        seed=experiment.seed,
    )  # fmt: skip
    settings = method.hyperparameters
    yield RunStarted(settings.steps, settings.validate_every, images_per_step(method), facts(model, method, material))
    limits.start()
    yield from kept(training, checkpoints)
    if checkpoints.best is not None:
        model.load_state_dict(checkpoints.best)
    weights = "best validation" if checkpoints.best is not None else "as loaded"
    yield from test(experiment, method, model, material, weights)
    done = f"{training.step} of {settings.steps} meta-steps"
    yield from last_words(limits, training.step, settings.steps, done)


def build(experiment: Experiment, method: MetaLearner, runs: Path) -> Backbone:
    """The backbone with one output per way, or without a head for a method that works on features."""
    outputs = method.hyperparameters.way if method.has_head else None
    return build_backbone(experiment.backbone, outputs, experiment.seed, runs, method.uses_pretrained)


def images_per_step(method: MetaLearner) -> int:
    settings = method.hyperparameters
    return int(settings.meta_batch * method.training_way * (settings.shot + settings.query))


def read_material(
    experiment: Experiment, method: MetaLearner, device: torch.device
) -> Generator[Preparing, None, MetaMaterial]:
    """Yields `Preparing`, returns images, samplers and the fixed evaluation episodes."""
    yield Preparing("Reading the data set")
    data = load(experiment.dataset)
    split = split_classes(data, experiment.dataset)
    settings, seed = method.hyperparameters, experiment.dataset.split_seed
    shot, query = settings.shot, settings.query
    sampler = EpisodeSampler(data.labels, split.train, method.training_way, shot, query, split.rotations)
    validation = EpisodeSampler(data.labels, split.validation, settings.way, shot, query, False)
    final = EpisodeSampler(data.labels, split.test, settings.way, shot, query, False)
    images = yield from _images(experiment, data, split, device)
    return MetaMaterial(
        data,
        split,
        images,
        sampler,
        evaluation_episodes(validation, settings.validation_episodes, seed * 10 + VALIDATION_SEED),
        evaluation_episodes(final, settings.test_episodes, seed * 10 + TEST_SEED),
    )


def _images(
    experiment: Experiment, data: ImageSet, split: ClassSplit, device: torch.device
) -> Generator[Preparing, None, TaskImages]:
    shape = normaliser(experiment.backbone)
    used = np.flatnonzero(np.isin(data.labels, np.concatenate([split.train, split.validation, split.test])))
    pixels = yield from decode(data, used, shape, device, "Reading images")
    rows = torch.full((len(data.labels),), -1, dtype=torch.int64)
    rows[torch.from_numpy(used)] = torch.arange(len(used))
    return TaskImages(pixels, rows, shape)


def facts(model: Backbone, method: MetaLearner, material: MetaMaterial) -> dict[str, Any]:
    split = material.split
    return {
        "family": "meta",
        "training classes": len(split.train) * (4 if split.rotations else 1),
        "validation classes": len(split.validation),
        "test classes": len(split.test),
        "way in training": method.training_way,
        "trainable parameters": parameter_count(model),
        "parameters": parameter_count(model),
        "split": split.description,
        "data": material.data.fingerprint,
    }


def test(
    experiment: Experiment, method: MetaLearner, model: Backbone, material: MetaMaterial, weights: str
) -> Iterator[Preparing | Evaluated]:
    """Accuracy per fixed test episode; the interval is 1.96 standard errors over episodes, as in the papers."""
    scores = yield from episode_scores(method, model, material.images, material.test, "Testing", lambda: False)
    found = episode_interval(scores)
    yield Evaluated(
        "test/accuracy", found.value, found.low, found.high, len(scores), "episodes",
        protocol(experiment, method, material, weights), scores=scores,
    )  # fmt: skip


def protocol(experiment: Experiment, method: MetaLearner, material: MetaMaterial, weights: str) -> dict[str, str]:
    """What it takes to believe the figure."""
    settings = method.hyperparameters
    return {
        "split": material.split.description,
        "split seed": str(experiment.dataset.split_seed),
        "batch norm": method.batch_norm_mode,
        "interval": "95 %, 1.96 standard errors over test episodes",
        "episodes": f"{settings.way}-way {settings.shot}-shot, {settings.query} query images per class",
        "weights": weights,
        "data": material.data.fingerprint,
    }
