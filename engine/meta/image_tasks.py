"""Episodes of images, from the experiment's data set: what to draw training tasks from, and the fixed lists."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch

from engine.data.batches import BatchSampler
from engine.data.episodes import EpisodeSampler, evaluation_episodes
from engine.data.images import ImageSet
from engine.data.sources import load
from engine.data.splits import ClassSplit, split_classes
from engine.events import Preparing
from engine.experiment import Experiment
from engine.inputs import decode, normaliser
from engine.meta.task import ImageTasks, TaskImages
from engine.methods.meta_learner import MetaLearner

VALIDATION_SEED, TEST_SEED = 1, 2


def read_image_tasks(
    experiment: Experiment, method: MetaLearner, device: torch.device
) -> Generator[Preparing, None, ImageTasks]:
    """Yields `Preparing`, returns the tasks; raises `ExperimentError` where the data cannot give such episodes."""
    yield Preparing("Reading the data set")
    data = load(experiment.dataset)
    split = split_classes(data, experiment.dataset)
    settings, seed = method.hyperparameters, experiment.dataset.split_seed
    shot, query = settings.shot, settings.query
    sampler = EpisodeSampler(
        data.labels, split.train, method.training_way, method.training_shot, query, split.rotations
    )
    validation = EpisodeSampler(data.labels, split.validation, settings.way, shot, query, False)
    final = EpisodeSampler(data.labels, split.test, settings.way, shot, query, False)
    images = yield from _images(experiment, data, split, device)
    return ImageTasks(
        images,
        sampler,
        evaluation_episodes(validation, settings.validation_episodes, seed * 10 + VALIDATION_SEED),
        evaluation_episodes(final, settings.test_episodes, seed * 10 + TEST_SEED),
        settings.way,
        _facts(data, split, method),
        {
            "split": split.description,
            "episodes": f"{settings.way}-way {shot}-shot, {query} query images per class",
            "data": data.fingerprint,
        },
        pooled=_pooled(data, sampler, method),
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


def _pooled(data: ImageSet, sampler: EpisodeSampler, method: MetaLearner) -> BatchSampler | None:
    """Minibatches of all training classes, for a method that learns from those."""
    if not method.pooled:
        return None
    return BatchSampler(data.labels, sampler, method.hyperparameters.batch_size, getattr(data, "kinds", None))


def _facts(data: ImageSet, split: ClassSplit, method: MetaLearner) -> dict[str, object]:
    return {
        "training classes": len(split.train) * (4 if split.rotations else 1),
        "validation classes": len(split.validation),
        "test classes": len(split.test),
        "way in training": method.training_way,
        "split": split.description,
        "data": data.fingerprint,
    }
