"""Small numbers that figures, costs and networks rest on, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.adaptation.comparing import RelationModule
from engine.data.batches import BatchSampler
from engine.data.episodes import EpisodeSampler
from engine.data.target import CLASSES, NUMBERS
from engine.heads.logistic import STRENGTHS as LOGISTIC
from engine.heads.ridge import STRENGTHS as RIDGE
from engine.meta.results import diverged, figure, mean_score, settled
from engine.meta.task import ImageTasks, TaskImages
from engine.preparation.inputs import Normaliser

LABELS = np.repeat(np.arange(6), 5)


def image_tasks() -> ImageTasks:
    pixels = torch.arange(len(LABELS), dtype=torch.uint8)[:, None, None, None].expand(-1, 1, 8, 8)
    images = TaskImages(pixels, torch.arange(len(LABELS)), Normaliser(8, 1))
    sampler = EpisodeSampler(LABELS, np.arange(6), 3, 2, 1, False)
    return ImageTasks(images, sampler, (), (), 3, minibatches=BatchSampler(LABELS, sampler, 17, None))


def test_a_step_sees_as_many_images_as_its_episode_has() -> None:
    assert image_tasks().examples == 3 * (2 + 1)


def test_a_minibatch_is_a_task_without_a_support_set() -> None:
    tasks = image_tasks()
    assert tasks.minibatches is not None
    drawn = tasks.minibatches.sample(np.random.default_rng(0))
    task = tasks.minibatch(np.random.default_rng(0))
    assert (len(task.support_inputs), len(task.support_targets), task.way) == (0, 0, 6)
    assert (task.query_inputs[:, 0, 0, 0] * 255).round().tolist() == pytest.approx(drawn.images.tolist())
    assert task.query_targets.tolist() == drawn.labels.tolist()


def test_an_episode_has_its_support_and_query_images_in_their_slots() -> None:
    tasks = image_tasks()
    episode = tasks.draw(np.random.default_rng(0))
    task = tasks.task(episode)
    assert (task.support_targets.tolist(), task.query_targets.tolist()) == ([0, 0, 1, 1, 2, 2], [0, 1, 2])
    for inputs, numbers in ((task.support_inputs, episode.support), (task.query_inputs, episode.query)):
        assert (inputs[:, 0, 0, 0] * 255).round().tolist() == pytest.approx(numbers.ravel().tolist())


def test_what_diverged_counts_as_an_error_of_25_or_as_no_answer_right() -> None:
    errors = np.array([1.0, 25.0, 24.9, 1e9, np.nan, np.inf])
    assert diverged(errors, NUMBERS) == 4
    assert settled(errors, NUMBERS).tolist() == [1.0, 25.0, 24.9, 25.0, 25.0, 25.0]
    shares = np.array([0.5, 1.0, np.nan])
    assert diverged(shares, CLASSES) == 1
    assert mean_score(shares, CLASSES) == pytest.approx(0.5)
    said = [(found.metric, found.protocol["median"], found.notes["diverged"])
            for found in (figure(errors, NUMBERS), figure(shares, CLASSES))]  # fmt: skip
    assert said == [("test/error", "25.000", "4 of 6"), ("test/accuracy", "50.0 %", "1 of 3")]


def test_strengths_go_in_even_steps_of_powers_of_ten() -> None:
    for strengths, first, last, step in ((LOGISTIC, -3, 1, 1.0), (RIDGE, -2, 5, 0.5)):
        powers = np.log10(strengths)
        assert (powers[0], powers[-1]) == pytest.approx((first, last))
        assert np.diff(powers) == pytest.approx(step)


def test_a_relation_module_is_as_wide_as_the_papers() -> None:
    """64 channels from twice 64, 64 from those, eight units: Sung et al. 2018, section 3.4."""
    count = sum(value.numel() for value in RelationModule(64).parameters())
    assert count == (2 * 64 * 64 * 9 + 64) + 2 * 64 + (64 * 64 * 9 + 64) + 2 * 64 + (64 * 8 + 8) + (8 + 1)
