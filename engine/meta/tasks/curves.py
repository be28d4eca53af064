"""Curve tasks as tensors: the regression tasks of meta-learning, drawn anew for every training step."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from engine.data.curves import TEST_POINTS, Curves, GivenCurve
from engine.data.sources import dataset
from engine.data.target import NUMBERS, Target
from engine.events import Preparing
from engine.experiment import DatasetChoice, Experiment
from engine.machine.transfers import sent
from engine.meta.learner import MetaLearner
from engine.meta.task import Task, Tasks

VALIDATION_SEED, TEST_SEED = 1, 2
CPU = torch.device("cpu")


@dataclass
class CurveTasks(Tasks):
    """Regression: one input, one output. shot, query: points of a training task."""

    source: Curves
    choice: DatasetChoice
    shot: int
    query: int
    device: torch.device = CPU
    validation: Sequence[GivenCurve] = ()
    test: Sequence[GivenCurve] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    outputs: int = 1
    target: Target = NUMBERS

    @property
    def examples(self) -> int:
        return self.shot + self.query

    def draw(self, rng: np.random.Generator) -> GivenCurve:
        return self.source.one(self.choice, rng, self.shot, self.query)

    def draw_tasks(self, rng: np.random.Generator, count: int) -> list[Task]:
        """The tasks of so many single draws, made at once: one by one takes longer than a step of the network."""
        drawn = self.source.draw(self.choice, rng, count, self.examples)
        points = np.stack([drawn.x, drawn.at(drawn.x)]).astype(np.float32)
        both = sent(torch.from_numpy(points), self.device).unsqueeze(-1)
        given, asked = both[:, :, : self.shot].unbind(1), both[:, :, self.shot :].unbind(1)
        return [Task(one[0], one[1], query[0], query[1], 1) for one, query in zip(given, asked, strict=True)]

    def task(self, item: GivenCurve) -> Task:
        x, shot = np.concatenate([item.support, item.query]), len(item.support)
        both = np.stack([x, item.at(x)]).astype(np.float32)
        inputs, targets = sent(torch.from_numpy(both), self.device).unsqueeze(-1)
        return Task(inputs[:shot], targets[:shot], inputs[shot:], targets[shot:], 1)


def training_curves(experiment: Experiment, method: MetaLearner, device: torch.device) -> CurveTasks:
    """To learn from, without the fixed lists."""
    source = dataset(experiment.dataset.name).curves
    assert source is not None
    return CurveTasks(source, experiment.dataset, method.training_shot, method.hyperparameters.query, device)


def curve_tasks(
    experiment: Experiment, method: MetaLearner, device: torch.device
) -> Generator[Preparing, None, CurveTasks]:
    """Yields `Preparing`, returns the tasks with the fixed lists of validation and test."""
    yield Preparing("Drawing test curves")
    settings, choice = method.hyperparameters, experiment.dataset
    tasks = training_curves(experiment, method, device)
    words = tasks.source.sentence(choice)
    seeds = [choice.split_seed, VALIDATION_SEED], [choice.split_seed, TEST_SEED]
    counts = settings.validation_episodes, settings.test_episodes
    tasks.validation, tasks.test = (
        tasks.source.fixed(choice, seed, count, settings.shot) for seed, count in zip(seeds, counts, strict=True)
    )
    title = dataset(choice.name).info.title
    tasks.facts = {"tasks": words, "points in training": method.training_shot, "data": title}
    tasks.conditions = {
        "tasks": words,
        "episodes": f"{settings.shot} points given, {TEST_POINTS} asked for",
        "error": "mean squared; a task counts with 25 at most",
    }
    return tasks
