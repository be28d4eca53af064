"""When meta-training goes wrong: a sentence that names the meta-step and the inner rate, and a rate that would fit,
found by trying smaller ones on the tasks at hand."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch

from engine.adaptation.objective import loss
from engine.artifacts.bookmark import State
from engine.backbones.backbone import Backbone
from engine.comparison.wording import compact
from engine.data.target import CLASSES, Target
from engine.errors import Diverged
from engine.events import Notice
from engine.meta.learner import MetaLearner
from engine.meta.results import diverged
from engine.meta.task import Task

MANY = 0.1  # share of validation tasks from which their divergence is worth a warning
WORSE = 2.0  # times the loss of guessing: above that, adapting does harm
TRIED = 2  # tasks on which a rate is tried
RATES = tuple(digit * 10.0**power for power in range(0, -6, -1) for digit in (5, 2, 1))  # that are tried


class DivergenceGuard:
    """Ends a run whose loss is no longer a number, and warns, once of each kind, of one that is on its way there."""

    def __init__(self, method: MetaLearner, model: Backbone, target: Target) -> None:
        self.method, self.model, self.target = method, model, target
        inner = method.meets.each and not method.trains.share and hasattr(method.hyperparameters, "inner_rate")
        self._inner = bool(inner)  # whether there is an inner rate to speak of
        self._losses: list[float] = []
        self._warned: set[str] = set()
        self._fits_at_first: bool | None = None  # whether the inner rate suits the weights that training begins with

    def state(self) -> State:
        return {"losses": self._losses, "warned": sorted(self._warned), "fits": self._fits_at_first}

    def load_state(self, state: State) -> None:
        self._losses, self._warned, self._fits_at_first = state["losses"], set(state["warned"]), state["fits"]

    def begin(self, tasks: Sequence[Task]) -> None:
        """Before the first step, by its tasks; later it does nothing."""
        if self._fits_at_first is None:
            self._fits_at_first = self._inner and learn(self.method, self.model, tasks[:TRIED])

    def check(self, values: Mapping[str, float], finite: bool, tasks: Sequence[Task], step: int, kept: bool) -> None:
        """Once a step's figures are read: on a CPU before its gradient is used. finite: the gradient was. kept: there
        are weights of an earlier validation.

        Raises `Diverged` when the loss or a value of the gradient is not a number.
        """
        self._losses.append(values["loss"])
        if math.isfinite(values["loss"]) and finite:
            return
        what = "gradient" if math.isfinite(values["loss"]) else "loss"
        keep = "; the best weights so far are kept" if kept else ""
        raise Diverged(f"The {what} is no longer a number at meta-step {step}{self._rates()}.",
                       f"{self._advice(tasks)}{keep}.")  # fmt: skip

    def after_validation(self, scores: np.ndarray, tasks: Sequence[Task], step: int) -> Iterator[Notice]:
        """scores: accuracy or error of each validation task [n] after adapting. tasks: to try other rates on."""
        losses, self._losses = self._losses, []
        count = diverged(scores, self.target)
        if count > MANY * len(scores) and self._first("tasks"):
            said = f"{count} of {len(scores)} validation tasks diverged at meta-step {step:,}{self._rates()}."
            yield Notice(f"{said} {self._advice(tasks)}.", "warning")
        elif losses and self._does_harm(float(np.mean(losses)), tasks) and self._first("loss"):
            guess = math.log(tasks[0].way)
            said = f"After adapting{self._rates()}, the loss is {np.mean(losses):.3g}, while guessing has {guess:.3g}."
            yield Notice(f"{said} {self._advice(tasks)}.", "warning")

    def _first(self, kind: str) -> bool:
        new = kind not in self._warned
        self._warned.add(kind)
        return new

    def _does_harm(self, value: float, tasks: Sequence[Task]) -> bool:
        return self._inner and self.target == CLASSES and value > WORSE * math.log(tasks[0].way)

    def _rates(self) -> str:
        if not self._inner:
            return ""
        rate = float(getattr(self.method.hyperparameters, "inner_rate", 0.0))
        if self.method.inner_rates(self.model):
            return f" with inner rates learnt from {compact(rate, 3)}"
        return f" with an inner rate of {compact(rate, 3)}"

    def _advice(self, tasks: Sequence[Task]) -> str:
        """Without the full stop."""
        found = fitting(self.method, self.model, tasks[:TRIED]) if self._inner else {}
        words = []
        if self._fits_at_first or not found:
            outer = float(self.method.hyperparameters.learning_rate)
            words.append(f"an outer learning rate of {compact(outer / 10, 3)} in place of {compact(outer, 3)}")
        if "inner_rate" in found:
            words.append(f"an inner rate of {compact(found['inner_rate'], 3)}, with which these tasks can be learnt")
        if "inner_clip" in found:
            words.append(f"inner gradients clipped at {compact(found['inner_clip'], 3)}")
        return f"Try {', or '.join(words)}"


def finite_gradient(model: Backbone) -> torch.Tensor:
    """Whether every value of it is a number, a scalar on the model's device."""
    found = [p.grad.isfinite().all() for p in model.parameters() if p.grad is not None]
    return torch.stack(found).all() if found else torch.ones((), dtype=torch.bool)


def fitting(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> dict[str, float]:
    """The largest smaller "inner_rate", and the largest "inner_clip" at the rate as it is, with which adapting lowers
    the support loss of each of these tasks; empty where it does so anyway, without what was not found."""
    values = method.hyperparameters
    smaller = tuple(rate for rate in RATES if rate < getattr(values, "inner_rate", 0.0))
    trials = {"inner_rate": smaller, "inner_clip": (1.0, 0.1)}
    found: dict[str, float] = {}
    if learn(method, model, tasks):
        return found
    for name in (name for name in trials if hasattr(values, name)):
        for trial in trials[name]:
            changed = type(method)(values.model_copy(update={name: trial}))
            if learn(changed, model, tasks):
                found[name] = trial
                break
    return found


def learn(method: MetaLearner, model: Backbone, tasks: Sequence[Task]) -> bool:
    """Whether the inner steps, of training or of the test, lower the support loss of each of these tasks."""
    steps = max(int(getattr(method.hyperparameters, "inner_steps", 0)), method.test_steps)
    return all(_learns(method, model, task, steps) for task in tasks)


def _learns(method: MetaLearner, model: Backbone, task: Task, steps: int) -> bool:
    first, *_, last = method.classifiers(model, task.support_inputs, task.support_targets, task.way, steps)
    before, after = (float(loss(classify(task.support_inputs), task.support_targets)) for classify in (first, last))
    return math.isfinite(after) and after < before
