"""Sinusoid tasks as tensors: the regression tasks of meta-learning, drawn anew for every training step."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from engine.data.sinusoids import (
    TEST_POINTS,
    TITLE,
    Points,
    Sinusoid,
    draw_curves,
    draw_sinusoid,
    fixed_sinusoids,
    sentence,
)
from engine.events import Preparing
from engine.experiment import Experiment
from engine.meta.learner import MetaLearner
from engine.meta.task import Task

VALIDATION_SEED, TEST_SEED = 1, 2
CPU = torch.device("cpu")


@dataclass
class SinusoidTasks:
    """`Tasks` for regression: one input, one output. shot, query: points of a training task."""

    validation: Sequence[Sinusoid]
    test: Sequence[Sinusoid]
    shot: int
    query: int
    vary_frequency: bool = False
    device: torch.device = CPU
    facts: Mapping[str, object] = field(default_factory=dict)
    protocol: Mapping[str, str] = field(default_factory=dict)
    outputs: int = 1
    regression: bool = True

    @property
    def examples(self) -> int:
        return self.shot + self.query

    def draw(self, rng: np.random.Generator) -> Sinusoid:
        return draw_sinusoid(rng, self.shot, self.query, self.vary_frequency)

    def draw_tasks(self, rng: np.random.Generator, count: int) -> list[Task]:
        """The tasks of so many single draws, made at once: one by one takes longer than a step of the network."""
        amplitude, phase, frequency, x = draw_curves(rng, count, self.examples, self.vary_frequency)
        y = amplitude[:, None] * np.sin(frequency[:, None] * x - phase[:, None])
        both = torch.from_numpy(np.stack([x, y]).astype(np.float32)).to(self.device).unsqueeze(-1)
        given, asked = both[:, :, : self.shot].unbind(1), both[:, :, self.shot :].unbind(1)
        return [Task(one[0], one[1], query[0], query[1], 1) for one, query in zip(given, asked, strict=True)]

    def task(self, item: Sinusoid) -> Task:
        x, shot = np.concatenate([item.support, item.query]), len(item.support)
        both = np.stack([x, item.at(x)]).astype(np.float32)
        inputs, targets = torch.from_numpy(both).to(self.device).unsqueeze(-1)
        return Task(inputs[:shot], targets[:shot], inputs[shot:], targets[shot:], 1)


def column(values: Points, device: torch.device) -> Tensor:
    """float64 [n] -> float32 [n, 1]."""
    return torch.from_numpy(values.astype(np.float32)[:, None]).to(device)


def sinusoid_tasks(
    experiment: Experiment, method: MetaLearner, device: torch.device
) -> Generator[Preparing, None, SinusoidTasks]:
    """Yields `Preparing`, returns the tasks with the fixed lists of validation and test."""
    yield Preparing("Drawing test curves")
    settings, choice = method.hyperparameters, experiment.dataset
    varied, seed = choice.vary_frequency, choice.split_seed
    return SinusoidTasks(
        fixed_sinusoids([seed, VALIDATION_SEED], settings.validation_episodes, settings.shot, varied),
        fixed_sinusoids([seed, TEST_SEED], settings.test_episodes, settings.shot, varied),
        method.training_shot,
        settings.query,
        varied,
        device,
        {"tasks": sentence(varied), "points in training": method.training_shot, "data": TITLE},
        {
            "tasks": sentence(varied),
            "episodes": f"{settings.shot} points given, {TEST_POINTS} asked for",
            "error": "mean squared; a task counts with 25 at most",
        },
    )
