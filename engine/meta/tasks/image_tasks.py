"""Episodes of images, from the experiment's data set: what to draw training tasks from, and the fixed lists."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from engine.data.batches import BatchSampler
from engine.data.episode_splits import (
    EpisodeShape,
    Samplers,
    for_tasks,
    kind_of,
    left_out_words,
    samplers,
    test_sampler,
)
from engine.data.episodes import Episode, evaluation_episodes, list_hash
from engine.data.labelled_set import LabelledSet
from engine.data.sources import load
from engine.data.splits import ClassSplit
from engine.events import Preparing
from engine.experiment import Experiment
from engine.meta.learner import MetaLearner
from engine.meta.task import ImageTasks, TaskImages
from engine.preparation.inputs import images, normaliser

VALIDATION_SEED, TEST_SEED = 1, 2


def read_image_tasks(
    experiment: Experiment, method: MetaLearner, device: torch.device
) -> Generator[Preparing, None, ImageTasks]:
    """Yields `Preparing`, returns the tasks; raises `ExperimentError` where the data cannot give such episodes."""
    yield Preparing("Reading the data set")
    data = for_tasks(load(experiment.dataset), experiment.dataset)
    shape, settings, seed = method.episodes, method.hyperparameters, experiment.dataset.split_seed
    found = samplers(data, experiment.dataset, shape)
    test = evaluation_episodes(found.test, settings.test_episodes, seed * 10 + TEST_SEED)
    return ImageTasks(
        _images(experiment, data, found.split, device),
        found.train,
        evaluation_episodes(found.validation, settings.validation_episodes, seed * 10 + VALIDATION_SEED),
        test,
        settings.way,
        _facts(data, found, method),
        {
            "split": found.split.description,
            "episodes": found.words,
            "test list": list_hash(test),
            "data": data.fingerprint,
        },
        minibatches=_minibatches(data, found, method) if method.trains.share else None,
        further_test=partial(_further_test, data, experiment, shape, settings.test_episodes),
        divided=(data, found.split),
    )


def _minibatches(data: LabelledSet, found: Samplers, method: MetaLearner) -> BatchSampler:
    """Of all training classes; those that come back in every region share their label."""
    kinds = kind_of(data) if data.kinds else None
    return BatchSampler(data.labels, found.train, method.trains.size, kinds)


def classes_of_minibatches(experiment: Experiment, method: MetaLearner) -> int:
    """Classes that a minibatch of all training classes tells apart, without reading any image."""
    data = for_tasks(load(experiment.dataset), experiment.dataset)
    return _minibatches(data, samplers(data, experiment.dataset, method.episodes), method).classes


def _further_test(
    data: LabelledSet, experiment: Experiment, shape: EpisodeShape, count: int, shot: int | None,
    classes: np.ndarray | None,
) -> tuple[tuple[Episode, ...], str]:  # fmt: skip
    """`count` fixed test episodes, and what they are in words."""
    sampler, words = test_sampler(data, experiment.dataset, replace(shape, shot=shot or shape.shot), classes)
    return evaluation_episodes(sampler, count, experiment.dataset.split_seed * 10 + TEST_SEED), words


def _images(experiment: Experiment, data: LabelledSet, split: ClassSplit, device: torch.device) -> TaskImages:
    shape = normaliser(experiment.backbone)
    used = np.flatnonzero(np.isin(data.labels, np.concatenate([split.train, split.validation, split.test])))
    pixels = images(data, used, shape, device)
    rows = torch.full((len(data.labels),), -1, dtype=torch.int64)
    rows[torch.from_numpy(used)] = torch.arange(len(used))
    return TaskImages(pixels, rows, shape)


def _facts(data: LabelledSet, found: Samplers, method: MetaLearner) -> dict[str, object]:
    split, left_out = found.split, left_out_words(data, found)
    return {
        "training classes": found.train.choices,
        "validation classes": len(found.validation.classes),
        "test classes": len(found.test.classes),
        "way in training": _way_in_training(method),
        "split": split.description,
        "data": data.fingerprint,
        **({"left out": left_out} if left_out else {}),
    }


def _way_in_training(method: MetaLearner) -> int | str:
    share = method.trains.share
    if share == 1:
        return "all, in minibatches"
    if share:
        return f"{100 * share:.0f} % of the steps all, in minibatches, then {method.training_way}"
    return method.training_way
