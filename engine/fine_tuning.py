"""The one supervised training loop. What differs between methods is in `engine/methods`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.backbones.backbone import Backbone, distance_moved, snapshot
from engine.checkpoints import Checkpoints
from engine.errors import Diverged
from engine.events import EpochCompleted, Event, Metrics
from engine.inputs import Labelled, Normaliser
from engine.learners import HeadOnFeatures, WholeNetwork
from engine.limits import Limits
from engine.methods.base import HEAD, FineTuneMethod


@dataclass(frozen=True)
class Phase:
    """Consecutive epochs that train the same blocks at the same rates, with one optimiser."""

    first: int
    epochs: int
    groups: dict[str, float]


def phases(method: FineTuneMethod, blocks: tuple[str, ...]) -> list[Phase]:
    per_epoch = [(epoch, method.groups(blocks, epoch)) for epoch in range(method.epochs)]
    runs = [list(part) for _, part in groupby(per_epoch, key=lambda pair: pair[1])]
    return [Phase(part[0][0], len(part), part[0][1]) for part in runs]


class FineTuning:
    """Trains `model` in place and says what happens; afterwards `step` and `epoch` tell how far it came."""

    def __init__(
        self,
        model: Backbone,
        method: FineTuneMethod,
        train: Labelled,
        validation: Labelled,
        shape: Normaliser,
        checkpoints: Checkpoints,
        limits: Limits,
        *,
        seed: int,
        bf16: bool = False,
    ) -> None:
        self.model, self.method, self.train, self.validation, self.shape = model, method, train, validation, shape
        self.checkpoints, self.limits, self.bf16 = checkpoints, limits, bf16
        self.initial = snapshot(model)
        self.order = torch.Generator().manual_seed(seed)
        self.step = self.epoch = 0
        settings = method.hyperparameters
        self.batch_size = min(settings.batch_size, len(train))
        self.steps_per_epoch = math.ceil(len(train) / self.batch_size)

    @property
    def total_steps(self) -> int:
        return self.method.epochs * self.steps_per_epoch

    def events(self) -> Iterator[Event]:
        for phase in phases(self.method, self.model.block_names):
            yield from self._phase(phase)
            if self.limits.reached:
                return

    def _phase(self, phase: Phase) -> Iterator[Event]:
        learner = self._learner(phase)
        for said in learner.prepare():
            yield said
            if self.limits.asked_to_stop:
                return
        decay = self.method.weight_decay(phase.first)
        optimiser = torch.optim.AdamW(learner.parameters(phase.groups), weight_decay=decay)
        schedule = self._schedule(optimiser, phase.epochs * self.steps_per_epoch)
        for _ in range(phase.epochs):
            yield from self._epoch(learner, optimiser, schedule)
            yield from self._validate(learner)
            if self.limits.reached:
                return

    def _learner(self, phase: Phase) -> HeadOnFeatures | WholeNetwork:
        if set(phase.groups) == {HEAD}:
            return HeadOnFeatures(self.model, self.train, self.validation, self.shape)
        still = self.method.hyperparameters.batch_norm == "pretrained statistics"
        return WholeNetwork(self.model, self.train, self.validation, self.shape, still_norms=still, bf16=self.bf16)

    def _schedule(self, optimiser: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
        cosine = self.method.hyperparameters.schedule == "cosine"
        return torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * min(step / steps, 1))) if cosine else 1.0
        )

    def _epoch(
        self,
        learner: HeadOnFeatures | WholeNetwork,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LambdaLR,
    ) -> Iterator[Event]:
        shuffled = torch.randperm(len(self.train), generator=self.order)
        for indices in shuffled.split(self.batch_size):
            if self.limits.reached:
                return
            labels = self.train.labels[indices]
            logits = learner.logits(indices)
            loss = F.cross_entropy(logits, labels)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            self.step += 1
            yield Metrics(self.step, self._checked(float(loss.detach()), logits, labels))

    def _checked(self, loss: float, logits: Tensor, labels: Tensor) -> dict[str, float]:
        if not math.isfinite(loss):
            raise Diverged(
                f"The loss is no longer a number at step {self.step}.",
                "Lower the learning rate; the best weights so far are kept.",
            )
        return {"train/loss": loss, "train/accuracy": accuracy(logits, labels)}

    def _validate(self, learner: HeadOnFeatures | WholeNetwork) -> Iterator[Event]:
        learner.settle()
        self.epoch += 1
        values: dict[str, float] = {}
        if isinstance(learner, WholeNetwork):
            values = {f"moved/{block}": far for block, far in distance_moved(self.model, self.initial).items()}
        if len(self.validation):
            logits = learner.validate()
            loss = float(F.cross_entropy(logits, self.validation.labels))
            values |= {"val/loss": loss, "val/accuracy": accuracy(logits, self.validation.labels)}
            yield from self.checkpoints.offer(self.model, self.step, values["val/accuracy"], loss)
        yield Metrics(self.step, values)
        yield EpochCompleted(self.epoch, self.step)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(1) == labels).float().mean())
