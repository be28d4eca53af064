"""The one meta-training loop. What differs between methods is in `engine/methods`."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator

import numpy as np
from torch import Tensor

from engine.adaptation.objective import score
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
from engine.data.target import NUMBERS
from engine.events import EpochCompleted, Event, Metrics, Notice, Preparing
from engine.machine.limits import Limits
from engine.meta.batch.formulation import WORTH_TIMING, Figures, MetaGradient, quicker
from engine.meta.divergence import TRIED, DivergenceGuard, finite_gradient
from engine.meta.evaluation import Meeting, refreshed
from engine.meta.learner import MetaLearner
from engine.meta.results import mean_score
from engine.meta.roles import MetaRun
from engine.meta.task import Task, Tasks
from engine.meta.tasks.gallery import show_tasks
from engine.metrics import BEFORE
from engine.tuning.objective import OnDevice, check_numbers

ORDER = 1  # keeps the order of support sets apart from the drawing of tasks
KEY = "training"  # of its state in the file that a run goes on from
FINITE = "finite gradient"
GLIMPSES = 10  # how often between two validations a training task is looked at before it adapts


class MetaTraining:
    """Trains `model` in place on drawn tasks; `step` tells how far it came."""

    def __init__(
        self, model: Backbone, method: MetaLearner, tasks: Tasks, checkpoints: Checkpoints, limits: Limits, *, seed: int
    ) -> None:
        self.model, self.method, self.tasks = model, method, tasks
        self.checkpoints, self.limits = checkpoints, limits
        self.draw, self.mix = np.random.default_rng(seed), np.random.default_rng([seed, ORDER])
        self.guard = DivergenceGuard(method, model, tasks.target)
        self.optimiser = method.optimiser(model)
        self.run, self.gradient = MetaRun(), MetaGradient(method, model)
        self.step = self.epoch = self._validated = 0
        self.waiting = OnDevice(next(model.parameters()).device)
        self._figures: dict[int, Figures] = {}  # of the steps whose values wait
        self._last: list[Task] = []  # tasks, to try other rates on where training goes wrong
        self.name = "loss" if tasks.target == NUMBERS else "accuracy"

    def events(self) -> Iterator[Event]:
        bookmark, steps = self.checkpoints.bookmark, self.method.hyperparameters.steps
        if bookmark.found is not None:
            self.load_state(bookmark.found[KEY])
        while True:
            if self._validation_is_due:
                yield from self._point()  # it may take longer than many steps
                yield from self._validate()
            stopping = self.limits.asked_to_stop
            yield from self._point(now=stopping)
            if stopping or self.limits.out_of_time or self.step >= steps:
                break
            yield from self.update()
        yield from self._told()
        if self.step and not self.epoch:
            yield from self._validate()

    def _point(self, now: bool = False) -> Iterator[Event]:
        if now or self.checkpoints.bookmark.due:
            yield from self._told()
        yield from self.checkpoints.bookmark.at(self.step, lambda: {KEY: self.state()}, now)

    def choose_way(self) -> Generator[Preparing, None, tuple[Notice, ...]]:
        """How the tasks are computed, before the first of them; returns that in words."""
        settings, draw = self.method.hyperparameters, np.random.default_rng(0)
        tasks = [self.tasks.task(self.tasks.draw(draw)) for _ in range(settings.meta_batch)]
        choices, timed = self.checkpoints.bookmark.choices, settings.steps >= WORTH_TIMING
        self.gradient, told = yield from quicker(self.gradient, tasks, choices, timed)
        return told

    @property
    def _validation_is_due(self) -> bool:
        """It may have been owed when the person stopped in the middle of it."""
        settings = self.method.hyperparameters
        at_its_place = self.step % settings.validate_every == 0 or self.step == settings.steps
        return at_its_place and self.step > self._validated

    def state(self) -> State:
        return {
            "step": self.step, "epoch": self.epoch, "validated": self._validated, "used": self.limits.used,
            "network": network_state(self.model), "optimiser": optimiser_state(self.optimiser),
            "draw": generator_state(self.draw), "mix": generator_state(self.mix), "guard": self.guard.state(),
            "method": self.run.kept, "checkpoints": self.checkpoints.state(),
        }  # fmt: skip

    def load_state(self, state: State) -> None:
        self.step, self.epoch, self._validated = state["step"], state["epoch"], state["validated"]
        self.limits.start(state["used"])
        load_network(self.model, state["network"])
        load_optimiser(self.optimiser, state["optimiser"])
        load_generator(self.draw, state["draw"])
        load_generator(self.mix, state["mix"])
        self.guard.load_state(state["guard"])
        self.run.kept = state["method"]
        self.checkpoints.load_state(state["checkpoints"])

    def update(self) -> list[Metrics]:
        """One meta-step; what there is to tell by now."""
        settings, optimiser = self.method.hyperparameters, self.optimiser
        self.run.step = self.step
        self.run.progress = max(self.step / settings.steps, self.limits.fraction)
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * self.method.rate_factor(self.run) * group["factor"]
        tasks = self._meta_batch(settings.meta_batch)
        before = self._before(tasks[0])
        optimiser.zero_grad(set_to_none=True)
        found = self.gradient(tasks, self.run)
        self.guard.begin(tasks)
        self.step, self._last = self.step + 1, tasks
        self._figures[self.step] = found
        self.waiting.put(self.step, {**found.sums, **before, FINITE: finite_gradient(self.model)})
        told = list(self._told()) if self.waiting.due() else []  # on a CPU before a broken gradient is used
        optimiser.step()
        return told

    def _told(self) -> Iterator[Metrics]:
        """One `Metrics` for each step since the last call; raises `Diverged` at what is not a number."""
        for step, read in self.waiting.read():
            values = self._figures.pop(step).means(read)
            self.guard.check(values, bool(read[FINITE]), self._last, step, self.checkpoints.best is not None)
            before = {name: value for name, value in read.items() if name.endswith(BEFORE)}
            yield Metrics(step, {f"train/{name}": value for name, value in (values | before).items()})

    def _meta_batch(self, count: int) -> list[Task]:
        """New tasks, each with its support set in an order of its own: a method must not learn from a place what it
        should learn from a label."""
        share = self.method.trains.share
        if share == 1 or self.run.progress < share:
            return [self.tasks.minibatch(self.draw)]
        return [task.mixed(self.mix) for task in self.tasks.draw_tasks(self.draw, count)]

    def _before(self, task: Task) -> dict[str, Tensor]:
        """Now and then: how a task of this batch is solved before adapting to it."""
        every = max(1, self.method.hyperparameters.validate_every // GLIMPSES)
        if not self.method.meets.each or self.method.trains.share or self.step % every:
            return {}
        first = next(self.method.classifiers(self.model, task.support_inputs, task.support_targets, task.way, 0))
        value = score(first(task.query_inputs), task.query_targets)
        return {f"{self.name} {BEFORE}": value}

    def _validate(self) -> Iterator[Event]:
        yield from self._told()
        check_numbers(self.model, 0.0, f"at meta-step {self.step}")
        refreshed(self.method, self.model, self.tasks, self.step)
        meeting = Meeting(self.method, self.model, self.tasks, self.gradient.crew.threads)
        scores = yield from meeting.scores(self.tasks.validation, "Validating", lambda: self.limits.asked_to_stop)
        if len(scores) < len(self.tasks.validation):
            return
        self.epoch, self._validated = self.epoch + 1, self.step
        value = mean_score(scores[:, -1], self.tasks.target)
        found = {f"val/{self.name}": value}
        if self.method.meets.each:
            found[f"val/{self.name} {BEFORE}"] = mean_score(scores[:, 0], self.tasks.target)
        found |= {f"rate/{block}": rate for block, rate in self.method.inner_rates(self.model).items()}
        judged = value if np.isfinite(scores[:, -1]).any() else math.nan  # wrong answers are a figure
        accuracy, error = (0.0, judged) if self.tasks.target == NUMBERS else (judged, 0.0)
        yield from self.checkpoints.offer(self.model, self.step, accuracy, error, value)
        yield Metrics(self.step, found)
        yield EpochCompleted(self.epoch, self.step)
        shown = [self.tasks.task(item) for item in self.tasks.validation[:TRIED]]
        yield from self.guard.after_validation(scores[:, -1], shown, self.step)
        yield from show_tasks(
            self.method, self.model, self.tasks, self.tasks.validation, "validation", self.step,
            self.checkpoints.directory,
        )  # fmt: skip
