"""Whether a method learns from the labels it is given: clouds of points, a short training, and labels that are turned
round at test."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.data import target as targets
from engine.machine.limits import Limits
from engine.meta.learner import MetaLearner
from engine.meta.task import Task, Tasks
from engine.meta.training import MetaTraining
from engine.registry import fields
from tests.engine.meta.ways import ended

WAY, SHOT, POINTS, CLASSES = 3, 3, 6, 40
STEPS = 60


class Clouds(Tasks):
    """Tasks of classes that are clouds around points; those of training, validation and test are others."""

    target, facts, conditions, outputs, examples = targets.CLASSES, {}, {}, WAY, 0

    def __init__(self) -> None:
        self.centres = 2 * torch.randn(2 * CLASSES, POINTS, generator=torch.Generator().manual_seed(0))
        self.validation, self.test = range(10), range(100, 140)

    def draw(self, rng: np.random.Generator) -> Task:
        return self.of(rng, CLASSES)

    def minibatch(self, rng: np.random.Generator) -> Task:
        labels = torch.from_numpy(rng.integers(0, CLASSES, 64))
        return Task(self.centres[:0], labels[:0], self._around(rng, labels), labels, CLASSES)

    def task(self, item: Task | int) -> Task:
        return item if isinstance(item, Task) else self.of(np.random.default_rng(item), 0)

    def of(self, rng: np.random.Generator, first: int) -> Task:
        """A task of classes from `first` on, in any order."""
        chosen = torch.from_numpy(first + rng.choice(CLASSES, WAY, replace=False))
        known, asked = (torch.arange(WAY).repeat_interleave(count) for count in (SHOT, 5))
        mixed = torch.from_numpy(rng.permutation(len(known)))
        return Task(self._around(rng, chosen[known])[mixed], known[mixed], self._around(rng, chosen[asked]), asked, WAY)

    def _around(self, rng: np.random.Generator, classes: Tensor) -> Tensor:
        return self.centres[classes] + 0.4 * torch.from_numpy(rng.normal(size=(len(classes), POINTS))).float()


def trained(method: MetaLearner) -> tuple[MetaLearner, Backbone, Clouds]:
    torch.manual_seed(0)
    clouds, before = Clouds(), dict(vars(method))
    layers = [nn.Sequential(nn.Linear(size, 32), nn.ReLU()) for size in (POINTS, 32)]
    model = Backbone({"one": layers[0], "two": layers[1]}, 32, WAY if method.meets.head else None)
    method.prepare(model, CLASSES if method.trains.share else WAY)
    with tempfile.TemporaryDirectory() as folder:
        training = MetaTraining(model, method, clouds, Checkpoints(Path(folder)), Limits(), seed=0)
        for _ in training.events():
            pass
    found = ended(method.settle(model, clouds))
    assert vars(method) == before
    return found, model, clouds


def answered(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> Tensor:
    """Classes that the query points of each task are taken for, [tasks, queries]."""
    met = (method.adapt(model, task.support_inputs, task.support_targets, WAY)(task.query_inputs) for task in tasks)
    return torch.stack([logits.argmax(1) for logits in met])


def follows_the_labels(case: Any) -> None:
    """Far above chance; with the support's labels turned round the answers turn with them, and with labels dealt out
    anew nothing is left."""
    usual = {row.name: row.default for row in fields(case.kind)}
    method = case.method(**QUICK, learning_rate=max(0.01, usual["learning_rate"]))
    method, model, clouds = trained(method)
    tasks, draw = [clouds.task(item) for item in clouds.test], torch.Generator().manual_seed(2)
    wanted = torch.stack([task.query_targets for task in tasks])
    turned = answered(method, model, [replace(t, support_targets=(t.support_targets + 1) % WAY) for t in tasks])
    orders = [torch.randperm(WAY * SHOT, generator=draw) for _ in tasks]
    dealt = [replace(t, support_targets=t.support_targets[order]) for t, order in zip(tasks, orders, strict=True)]
    right = share(answered(method, model, tasks), wanted)
    assert right > 0.5
    assert share(turned, (wanted + 1) % WAY) > right - 0.1
    assert share(turned, wanted) < 1 / WAY
    assert share(answered(method, model, dealt), wanted) < 0.45


def share(found: Tensor, wanted: Tensor) -> float:
    return float((found == wanted).double().mean())


QUICK = {
    "shot": SHOT, "training_shot": SHOT, "copies": 0, "steps": STEPS, "validate_every": STEPS, "test_iterations": 20,
    "inner_steps": 3, "test_steps": 5, "batch_size": 64, "halve_every": 1000, "meta_batch": 4,
}  # fmt: skip
