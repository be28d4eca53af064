"""The loop that trains a policy on drawn goals."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from engine.acting.goal_tasks import GoalTasks, adapting_of
from engine.acting.moving import repeated
from engine.acting.paths import show_paths
from engine.artifacts.bookmark import (
    State,
    generator_state,
    load_generator,
    load_network,
    load_optimiser,
    network_state,
    optimiser_state,
)
from engine.artifacts.checkpoints import Checkpoints
from engine.backbones.backbone import Backbone
from engine.events import EpochCompleted, Event, Metrics
from engine.machine.limits import Limits
from engine.metrics import BEFORE
from engine.tuning.objective import check_numbers

KEY = "training"  # of its state in the file that a run goes on from
LONGEST = 1.0  # norm of an outer gradient


class PolicyTraining:
    """Trains `model` in place; `step` tells how far it came."""

    def __init__(
        self, model: Backbone, tasks: GoalTasks, checkpoints: Checkpoints, limits: Limits, *, seed: int
    ) -> None:
        self.model, self.tasks, self.checkpoints, self.limits = model, tasks, checkpoints, limits
        self.method = tasks.method
        self.draw, self.noise = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
        self.adapting = adapting_of(model, self.method, self.noise)
        self.optimiser = torch.optim.Adam(model.parameters(), lr=self.method.hyperparameters.learning_rate)
        self.step = self.epoch = 0
        self._validated = -1

    def events(self) -> Iterator[Event]:
        bookmark, steps = self.checkpoints.bookmark, self.method.hyperparameters.steps
        if bookmark.found is not None:
            self.load_state(bookmark.found[KEY])
        while True:
            if self._validation_is_due:
                yield from self._validate()
            stopping = self.limits.reached
            yield from bookmark.at(self.step, lambda: {KEY: self.state()}, now=stopping)
            if stopping or self.step >= steps:
                break
            yield self.update()
        if self._validated < self.step:
            yield from self._validate()

    @property
    def _validation_is_due(self) -> bool:
        values = self.method.hyperparameters
        return self._validated < self.step and (self.step % values.validate_every == 0 or self.step == values.steps)

    def update(self) -> Metrics:
        """One step of the outer loop."""
        goals = self.tasks.draw(self.draw)
        loss, before, after = self.loss(goals)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        clip_grad_norm_(self.model.parameters(), LONGEST)
        self.optimiser.step()
        self.step += 1
        found = {"train/loss": loss, "train/return": after, f"train/return {BEFORE}": before}
        return Metrics(self.step, {name: float(value.detach()) for name, value in found.items() if value is not None})

    def loss(self, goals: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        """The outer loss, and the return before (None where nothing adapts) and after the steps towards the goals."""
        start, steps = repeated(self.model, len(goals)), self.method.inner_steps
        *_, adapted = self.adapting.path(start, goals, steps, self.method.second_order)
        before = self.adapting.try_out(start, goals).returns.mean() if steps else None
        loss, tries = self.adapting.outer_loss(adapted, goals)
        return loss, before, tries.returns.mean()

    def _validate(self) -> Iterator[Event]:
        check_numbers(self.model, 0.0, f"at meta-step {self.step}")
        tasks, steps = self.tasks, self.method.hyperparameters.test_steps
        found = tasks.returns(self.model, tasks.validation, steps)
        before, after = float(found[:, 0].mean()), float(found[:, -1].mean())
        self._validated, self.epoch = self.step, self.epoch + 1
        yield from self.checkpoints.offer(self.model, self.step, 0.0, -after, after)
        yield Metrics(self.step, {"val/return": after, f"val/return {BEFORE}": before})
        yield EpochCompleted(self.epoch, self.step)
        yield from show_paths(self.model, tasks, tasks.validation, "validation", self.step, self.checkpoints.directory)

    def state(self) -> State:
        return {
            "step": self.step, "epoch": self.epoch, "validated": self._validated, "used": self.limits.used,
            "network": network_state(self.model), "optimiser": optimiser_state(self.optimiser),
            "draw": generator_state(self.draw), "noise": generator_state(self.noise),
            "checkpoints": self.checkpoints.state(),
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        self.step, self.epoch, self._validated = state["step"], state["epoch"], state["validated"]
        self.limits.start(state["used"])
        load_network(self.model, state["network"])
        load_optimiser(self.optimiser, state["optimiser"])
        load_generator(self.draw, state["draw"])
        load_generator(self.noise, state["noise"])
        self.checkpoints.load_state(state["checkpoints"])
