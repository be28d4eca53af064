"""The one meta-training loop. What differs between methods is in `engine/methods`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from engine.backbones.backbone import Backbone
from engine.checkpoints import Checkpoints
from engine.data.episodes import Episode, EpisodeSampler
from engine.errors import Diverged
from engine.events import EpochCompleted, Event, Metrics
from engine.limits import Limits
from engine.meta.evaluation import episode_scores
from engine.meta.task import TaskImages
from engine.methods.base import MetaLearner


class MetaTraining:
    """Trains `model` in place on sampled episodes; `step` tells how far it came."""

    def __init__(
        self,
        model: Backbone,
        method: MetaLearner,
        images: TaskImages,
        sampler: EpisodeSampler,
        validation: Sequence[Episode],
        checkpoints: Checkpoints,
        limits: Limits,
        *,
        seed: int,
    ) -> None:
        self.model, self.method, self.images, self.sampler = model, method, images, sampler
        self.validation, self.checkpoints, self.limits = validation, checkpoints, limits
        self.draw = np.random.default_rng(seed)
        self.step = self.epoch = 0

    def events(self) -> Iterator[Event]:
        settings = self.method.hyperparameters
        optimiser = torch.optim.Adam(self.model.parameters(), lr=settings.learning_rate, fused=True)
        while self.step < settings.steps and not self.limits.reached:
            yield self._update(optimiser)
            if self.step % settings.validate_every == 0 or self.step == settings.steps:
                yield from self._validate()
        if self.step and not self.epoch:
            yield from self._validate()

    def _update(self, optimiser: torch.optim.Optimizer) -> Metrics:
        settings = self.method.hyperparameters
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * self.method.rate_factor(self.step)
        tasks = [self.images.task(self.sampler.sample(self.draw)) for _ in range(settings.meta_batch)]
        optimiser.zero_grad(set_to_none=True)
        values = self.method.meta_gradient(self.model, tasks)
        self.step += 1
        if not math.isfinite(values["loss"]):
            raise Diverged(
                f"The loss is no longer a number at meta-step {self.step}.",
                "Lower the inner or the outer learning rate; the best weights so far are kept.",
            )
        optimiser.step()
        return Metrics(self.step, {f"train/{name}": value for name, value in values.items()})

    def _validate(self) -> Iterator[Event]:
        scores = yield from episode_scores(
            self.method, self.model, self.images, self.validation, "Validating", lambda: self.limits.asked_to_stop
        )
        if len(scores) < len(self.validation):
            return
        self.epoch += 1
        accuracy = float(scores.mean())
        yield from self.checkpoints.offer(self.model, self.step, accuracy, 0.0)
        yield Metrics(self.step, {"val/accuracy": accuracy})
        yield EpochCompleted(self.epoch, self.step)
