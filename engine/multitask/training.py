"""The one loop of several tasks on one trunk: stage after stage, each of as many steps, each with tasks of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

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
from engine.backbones.backbone import Backbone, snapshot
from engine.errors import Diverged
from engine.events import EpochCompleted, Event, Metrics, Notice
from engine.machine.limits import Limits
from engine.multitask.conflict import cosines
from engine.multitask.method import MultiTaskMethod
from engine.multitask.patience import StagePatience
from engine.multitask.step import MixedBatch, Shared, StepFound, learn
from engine.multitask.tasks import TaskData, same_images
from engine.preparation.augmentation import Augmentation
from engine.preparation.inputs import Labelled, Normaliser, picked
from engine.tuning.learners import batches
from engine.tuning.objective import ADVICE, OnDevice, check_numbers
from engine.tuning.schedules import factor

OWN_RATE = 0.01  # of what a balance learns
TASK_ACCURACY, TASK_LOSS, TASK_WEIGHT, CONFLICT = "task accuracy/", "task loss/", "task weight/", "conflict/"


class TaskOrder:
    """The places of one task's images, each once before any again; every batch is full."""

    def __init__(self, images: int, seed: int) -> None:
        self._images, self._order = images, torch.Generator().manual_seed(seed)
        self._left = torch.zeros(0, dtype=torch.int64)

    def take(self, count: int) -> Tensor:
        """int64 [count], or as many as there are images."""
        count = min(count, self._images)
        while len(self._left) < count:
            self._left = torch.cat([self._left, torch.randperm(self._images, generator=self._order)])
        taken, self._left = self._left[:count], self._left[count:]
        return taken

    def state(self) -> State:
        return {"order": generator_state(self._order), "left": self._left}

    def load_state(self, state: State) -> None:
        load_generator(self._order, state["order"])
        self._left = state["left"]


class MultiTask:
    """Trains `model` in place; `step` and `epoch` tell how far it came, `learnt` the tasks that have learnt, `ends` the
    weights at the end of each stage before the last, with the tasks that had learnt by then. Raises `Diverged` while
    training."""

    def __init__(
        self, model: Backbone, method: MultiTaskMethod, tasks: Sequence[TaskData], shape: Normaliser,
        checkpoints: Checkpoints, limits: Limits, *, seed: int,
    ) -> None:  # fmt: skip
        self.model, self.method, self.tasks, self.shape = model, method, tasks, shape
        self.checkpoints, self.limits = checkpoints, limits
        values = method.hyperparameters
        self.batch, self.stages = int(values.batch_size), method.stages(len(tasks))
        self.steps_per_epoch = math.ceil(max(len(task.train) for task in tasks) / self.batch)
        self.steps_per_stage = method.epochs * self.steps_per_epoch
        self.balance = method.balance(len(tasks), seed)
        self.shared, self.together = Shared(model), same_images(tasks)
        self.draws = [TaskOrder(len(task.train), seed + place) for place, task in enumerate(tasks)]
        self.step = self.epoch = self.stage = 0
        self.learnt: list[int] = []
        self.stopped_early = ""  # why the last stage was shorter than planned
        self.ends: list[dict[str, Any]] = []
        self.began, self.is_over = 0, False  # the step at which this stage began; whether the last one ended
        self.patience = StagePatience(int(values.patience))
        self.changes = torch.Generator().manual_seed(seed + len(tasks))
        self._waiting = OnDevice(tasks[0].train.device)
        self.optimiser = self._optimiser()

    @property
    def total_steps(self) -> int:
        return len(self.stages) * self.steps_per_stage

    @property
    def active(self) -> tuple[int, ...]:
        """Places of the tasks that learn now."""
        return self.stages[self.stage]

    def events(self) -> Iterator[Event]:
        if not self.step:
            yield from self._point(now=True)
        while not self.is_over:
            stopping = self.limits.asked_to_stop
            yield from self._point(now=stopping)
            if stopping or self.limits.out_of_time:
                break
            yield from self._next()
        self.patience.restore(self.model)
        yield from self._told()
        yield from self._point(now=True)

    def _point(self, now: bool) -> Iterator[Event]:
        if now or self.checkpoints.bookmark.due:
            yield from self._told()
        yield from self.checkpoints.bookmark.at(self.step, self.state, now)

    def _next(self) -> Iterator[Event]:
        """One step, and the end of an epoch or a stage."""
        self.update()
        if self._waiting.due():
            yield from self._told()
        within = self.step - self.began
        if within % self.steps_per_epoch == 0:
            self.epoch += 1
            yield from self._told()
            yield from self._validated()
            if len(self.active) > 1:
                self.balance.epoch_over()
            yield EpochCompleted(self.epoch, self.step)
        if self.patience.is_out and within < self.steps_per_stage:
            yield Notice(self.patience.words)
        if self.patience.is_out or within == self.steps_per_stage:
            self._end_stage()

    def _end_stage(self) -> None:
        """The next one begins with its weights; where there is patience with its best ones."""
        self.stopped_early = self.patience.early if self.step - self.began < self.steps_per_stage else ""
        self.patience.restore(self.model)
        if self.stage + 1 == len(self.stages):
            self.is_over = True
            return
        self.ends.append({"tasks": list(self.learnt), "network": snapshot(self.model)})
        self.stage, self.began = self.stage + 1, self.step
        self.optimiser = self._optimiser()
        self.patience.begin_again()

    # A step

    def _optimiser(self) -> torch.optim.AdamW:
        """Anew in each stage: weights decay, biases, norms and heads do not, so that the head of a task that is over
        stays as it was."""
        decays = [one for one in self.shared.trunk if one.dim() > 1]
        others = [one for one in self.shared.trunk if one.dim() <= 1] + self.shared.head
        values = self.method.hyperparameters
        groups = [{"params": decays, "weight_decay": values.weight_decay}, {"params": others, "weight_decay": 0.0}]
        if own := self.balance.parameters():
            groups.append({"params": own, "weight_decay": 0.0})
        return torch.optim.AdamW(groups, lr=values.learning_rate)

    def _batch(self) -> MixedBatch:
        """A part for each task that learns, or one for all where they ask of the same images."""
        active = [self.tasks[place] for place in self.active]
        once = self.together and len(active) > 1
        places = [self.draws[place].take(self.batch) for place in (self.active[:1] if once else self.active)]
        parts = [self._changed(picked(one.train.inputs, some), one) for one, some in zip(active, places, strict=False)]
        places = places * len(active) if once else places
        labels = [task.train.labels_of(some) for task, some in zip(active, places, strict=True)]
        ends = [0, *torch.tensor([len(part) for part in parts]).cumsum(0).tolist()]
        rows = [slice(0, len(parts[0]))] * len(active) if once else list(map(slice, ends, ends[1:]))
        return MixedBatch(self.shape(torch.cat(parts)), rows, [task.outputs for task in active], labels)

    def _changed(self, pixels: Tensor, task: TaskData) -> Tensor:
        """As they are, or as augmentation makes them."""
        what = self.method.hyperparameters.augmentation
        return pixels if what == "none" else Augmentation(what, task.data.background)(pixels, self.changes)

    def update(self) -> None:
        """A step of all tasks that learn."""
        self.model.train()
        self._set_rates()
        self.optimiser.zero_grad(set_to_none=True)
        every = int(self.method.hyperparameters.conflicts_every)
        several = len(self.active) > 1
        weights = self.balance.weights().tolist()
        found = learn(self.model, self.shared, self.balance, self._batch(), bool(every) and self.step % every == 0)
        self.optimiser.step()
        self.step += 1
        self.learnt = sorted({*self.learnt, *self.active})
        weights = self.balance.weights().tolist() if self.balance.of_gradients else weights
        self._note(found, weights if several else [])

    def _set_rates(self) -> None:
        within = self.step - self.began
        rate = self.method.hyperparameters.learning_rate
        rate *= factor(self.method.hyperparameters.schedule, within / self.steps_per_stage)
        for group, own in zip(self.optimiser.param_groups, (rate, rate, OWN_RATE), strict=False):
            group["lr"] = own

    def _note(self, found: StepFound, weights: Sequence[float]) -> None:
        names = [self.tasks[place].title for place in self.active]
        values: dict[str, Tensor] = {"train/loss": found.losses.mean()}
        if len(names) > 1:
            values |= {TASK_LOSS + name: loss for name, loss in zip(names, found.losses, strict=True)}
        values |= {TASK_WEIGHT + name: torch.tensor(w) for name, w in zip(names, weights, strict=False)}
        if (every := int(self.method.hyperparameters.conflicts_every)) and (self.step - 1) % every == 0:
            values |= {CONFLICT + name: one for name, one in cosines(found.products, names).items()}
        device = found.losses.device
        self._waiting.put(self.step, {name: value.to(device) for name, value in values.items()})

    def _told(self) -> Iterator[Metrics]:
        for step, values in self._waiting.read():
            if not math.isfinite(values["train/loss"]):
                raise Diverged(f"The loss is no longer a number at step {step}.", ADVICE)
            yield Metrics(step, values)

    # An epoch

    def _validated(self) -> Iterator[Event]:
        check_numbers(self.model, 0.0, f"after epoch {self.epoch}")
        found = {place: self.tasks[place] for place in self.learnt if len(self.tasks[place].validation)}
        right = {task.title: self.judged(task, task.validation) for task in found.values()}
        if right:
            values = {TASK_ACCURACY + title: value for title, (value, _) in right.items()}
            now = [right[found[place].title] for place in self.active if place in found]
            if now:
                values |= {"val/accuracy": _mean([one for one, _ in now]), "val/loss": _mean([one for _, one in now])}
                self.patience.look(self.model, values["val/accuracy"], values["val/loss"])
            yield Metrics(self.step, values)

    @torch.no_grad()
    def judged(self, task: TaskData, part: Labelled) -> tuple[float, float]:
        """(share that is right, mean loss) of a task's images, in eval mode."""
        self.model.eval()
        said = torch.cat([self.model(self.shape(part.inputs[some]))[:, task.outputs] for some in batches(len(part))])
        return float((said.argmax(1) == part.labels).float().mean()), float(F.cross_entropy(said, part.labels))

    # Where it is

    def state(self) -> State:
        return {
            "step": self.step, "epoch": self.epoch, "stage": self.stage, "learnt": self.learnt, "ends": self.ends,
            "used": self.limits.used, "network": network_state(self.model), "balance": self.balance.state(),
            "optimiser": optimiser_state(self.optimiser), "draws": [one.state() for one in self.draws],
            "checkpoints": self.checkpoints.state(), "began": self.began, "over": self.is_over,
            "patience": self.patience.state(), "changes": generator_state(self.changes),
            "stopped early": self.stopped_early,
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        """Go on from there: `events()` says what comes afterwards."""
        self.step, self.epoch, self.stage = state["step"], state["epoch"], state["stage"]
        self.learnt, self.ends = list(state["learnt"]), list(state["ends"])
        load_network(self.model, state["network"])
        self.balance.load_state(state["balance"])
        load_optimiser(self.optimiser, state["optimiser"])
        for one, kept in zip(self.draws, state["draws"], strict=True):
            one.load_state(kept)
        self.checkpoints.load_state(state["checkpoints"])
        self.began = state.get("began", self.stage * self.steps_per_stage)  # a resume point of 0.13 tells none of these
        self.is_over = state.get("over", self.step >= self.total_steps)
        self.stopped_early = state.get("stopped early", "")
        self.patience.load_state(state.get("patience", self.patience.state()))
        if "changes" in state:
            load_generator(self.changes, state["changes"])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def kept_end(ends: Sequence[Mapping[str, Any]], place: int) -> Mapping[str, Any] | None:
    """The weights at the end of the first stage in which a task had learnt; None of one that learnt in the last."""
    with suppress(StopIteration):
        return next(one for one in ends if place in one["tasks"])
    return None
