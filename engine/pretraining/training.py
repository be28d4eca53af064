"""The one loop of pretraining without labels. What differs between methods is the `Pretext` that they make."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

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
from engine.errors import Diverged
from engine.events import EpochCompleted, Event, Metrics, Notice
from engine.machine.draws import own_draws
from engine.machine.limits import Limits
from engine.metrics import COLLAPSED as COLLAPSED_LOSS
from engine.metrics import IGNORANT
from engine.parallel.passes import ALONE, Passes
from engine.preparation.inputs import Labelled, Preparer, picked
from engine.pretraining.looking import FixedImages
from engine.pretraining.method import COLLAPSED, IN_A_ROW, PretrainMethod, told_below
from engine.pretraining.picturing import Pictures
from engine.pretraining.pool import Pool
from engine.pretraining.pretext import Compared, Told
from engine.tuning.objective import ADVICE, OnDevice, check_numbers
from engine.tuning.schedules import cosine

LOOK_EVERY = 5120  # images between two looks


def learning(model: nn.Module, pretext: nn.Module, decay: float) -> list[dict[str, Any]]:
    """Parameters in two groups: weights, which decay, and biases and norms, which do not."""
    all_of_them = [one for one in (*model.parameters(), *pretext.parameters()) if one.requires_grad]
    weights, others = [one for one in all_of_them if one.dim() > 1], [one for one in all_of_them if one.dim() <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


class Pretraining:
    """Trains `model` in place, and a pretext that is thrown away; `step` and `epoch` tell how far it came. Raises
    `Diverged` while training."""

    def __init__(
        self, model: Backbone, method: PretrainMethod, train: Labelled, looks: FixedImages, shape: Preparer,
        pool: Pool, checkpoints: Checkpoints, limits: Limits, pictures: Pictures, *, seed: int, bf16: bool = False,
        passes: Passes = ALONE,
    ) -> None:  # fmt: skip
        self.model, self.method, self.train, self.looks, self.shape = model, method, train, looks, shape
        self.checkpoints, self.limits, self.pool, self.pictures = checkpoints, limits, pool, pictures
        settings = method.hyperparameters
        with own_draws(seed):
            self.pretext = method.pretext(model, pool).to(train.device)
        self.pretext.bf16, self.pretext.passes = bf16, passes
        groups = learning(model, self.pretext, settings.weight_decay)
        self.optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate)
        self.order, self.draws = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed + 1)
        self.step = self.epoch = self._collapsing = 0
        self._looked = -1
        self._first_spread: float | None = None  # of the first look
        self._left: Tensor | None = None  # images that are still to come in the epoch
        self.steps_per_epoch = len(train) // pool.batch
        self.look_every = max(1, LOOK_EVERY // pool.batch)
        self._waiting = OnDevice(train.device)

    @cached_property
    def _unlearnt(self) -> dict[str, float]:
        """The loss of a network that says the same of everything, and of one that knows nothing."""
        found = {COLLAPSED_LOSS: self.method.collapsed(self.pool), IGNORANT: self.method.ignorant(self.pool)}
        return {f"{name}loss": value for name, value in found.items() if value is not None}

    @property
    def total_steps(self) -> int:
        """Steps planned; 0 when only the time decides."""
        return 0 if self.limits.only_time else self.method.epochs * self.steps_per_epoch

    @property
    def progress(self) -> float:
        """Of the training, 0..1, by steps or by time, whichever is further."""
        return min(1.0, max(self.step / self.total_steps if self.total_steps else 0.0, self.limits.fraction))

    def events(self) -> Iterator[Event]:
        while True:
            if self.step > self._looked and self.step % self.look_every == 0:
                yield from self.look()
            stopping = self.limits.asked_to_stop
            yield from self._point(now=stopping)
            is_over = self.limits.out_of_time and self.step > 0  # what was never learnt is no pretraining
            if stopping or is_over or (self.total_steps and self.step >= self.total_steps):
                break
            yield from self._next()
        yield from self._told()
        if self.step > self._looked:
            yield from self.look()
        yield from self._point(now=True)

    def _point(self, now: bool) -> Iterator[Event]:
        if now or self.checkpoints.bookmark.due:
            yield from self._told()
        yield from self.checkpoints.bookmark.at(self.step, self.state, now)

    def _next(self) -> Iterator[Event]:
        """One step, and the end of an epoch."""
        if self._left is None:
            order = torch.randperm(len(self.train), generator=self.order)
            self._left = order[: self.steps_per_epoch * self.pool.batch]  # a smaller batch is an easier question
            self._expect(self._left)
        places, left = self._left[: self.pool.batch], self._left[self.pool.batch :]
        self.update(picked(self.train.inputs, places), places)
        self._left = left if len(left) else None
        if self._waiting.due():
            yield from self._told()
        if self._left is None:
            self.epoch += 1
            yield from self._told()
            yield EpochCompleted(self.epoch, self.step)

    def _expect(self, order: Tensor) -> None:
        if not isinstance(self.train.inputs, Tensor):
            self.train.inputs.expect(map(self.train.in_order, order.split(self.pool.batch)))

    def update(self, pixels: Tensor, places: Tensor) -> None:
        """A step on these images, uint8 [n, c, s, s]. places: int64 [n], where they are in the training part."""
        self.model.train()
        self.pretext.train()
        for group in self.optimiser.param_groups:
            group["lr"] = self.method.hyperparameters.learning_rate * self.rate_factor()
        self.optimiser.zero_grad(set_to_none=True)
        told = self._told_of(pixels, places)
        told["loss"].backward()
        self.optimiser.step()
        self.step += 1
        self.pretext.stepped(self.model, self.progress)
        self._waiting.put(self.step, {f"train/{name}": value for name, value in told.items()})

    def _told_of(self, pixels: Tensor, places: Tensor) -> Told:
        if not self.method.learns_labels:
            return self.pretext.told(self.model, self.shape, pixels, self.draws)
        labels = self.train.labels_of(places)
        return self.pretext.taught(self.model, self.shape, pixels, labels, self.draws)

    def rate_factor(self) -> float:
        """Rising in the warm-up, then falling as a cosine."""
        share, progress = float(self.method.hyperparameters.warm_up), self.progress
        if progress < share:
            return max(progress / share, 1e-3)
        return cosine((progress - share) / (1 - share))

    def _told(self) -> Iterator[Metrics]:
        for step, values in self._waiting.read():
            if not math.isfinite(values["train/loss"]):
                raise Diverged(f"The loss is no longer a number at step {step}.", ADVICE)
            yield Metrics(step, values)

    def look(self) -> Iterator[Event]:
        """What neighbours say and whether it is alive; these weights are kept if neighbours agree best so far."""
        yield from self._told()
        check_numbers(self.model, 0.0, f"at step {self.step}")
        values = self.looks.values(self.model, self.pretext)
        self._looked = self.step
        if self.step and "val/neighbours" in values and self.method.keeps_best:
            later = -float(self.step)  # of equal ones the one that learnt longer
            yield from self.checkpoints.offer(self.model, self.step, values["val/neighbours"], later)
        values |= self._unlearnt
        yield Metrics(self.step, {name: value for name, value in values.items() if math.isfinite(value)})
        yield from self._warned(values["val/spread"])
        yield from self.pictures.take(self.model, self.pretext, self.step)

    def _warned(self, value: float) -> Iterator[Notice]:
        if not isinstance(self.pretext, Compared):
            return  # of features that nothing is compared by the level means nothing
        self._first_spread = value if self._first_spread is None else self._first_spread
        self._collapsing = self._collapsing + 1 if value < told_below(self._first_spread) else 0
        if self._collapsing == IN_A_ROW:
            said = "has collapsed" if value < COLLAPSED else "is collapsing"
            mend = "lower the learning rate" + (" or choose other views" if self.method.reads == "images" else "")
            yield Notice(
                f"It {said}: the network says nearly the same of every {self.method.reads[:-1]} (spread {value:.2f}, "
                f"of 1). Stop it, then {mend}.", "warning",
            )  # fmt: skip

    def state(self) -> State:
        return {
            "step": self.step, "epoch": self.epoch, "looked": self._looked, "collapsing": self._collapsing,
            "left": self._left, "used": self.limits.used, "network": network_state(self.model),
            "pretext": network_state(self.pretext), "optimiser": optimiser_state(self.optimiser),
            "order": generator_state(self.order), "draws": generator_state(self.draws),
            "checkpoints": self.checkpoints.state(), "first spread": self._first_spread,
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        """Go on from there: `events()` says what comes afterwards."""
        self.step, self.epoch, self._looked = state["step"], state["epoch"], state["looked"]
        self._collapsing, self._left = state["collapsing"], state["left"]
        self._first_spread = state.get("first spread", 1.0)  # 0.14 told a collapse by the usual level alone
        load_network(self.model, state["network"])
        load_network(self.pretext, state["pretext"])
        load_optimiser(self.optimiser, state["optimiser"])
        load_generator(self.order, state["order"])
        load_generator(self.draws, state["draws"])
        self.checkpoints.load_state(state["checkpoints"])
        self.pictures.go_on(self.step)
        if self._left is not None:
            self._expect(self._left)
