"""A run that learns a policy, and its returns on goals that it never learnt from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine.acting.goal_tasks import GoalTasks, goal_tasks
from engine.acting.method import PolicyMethod
from engine.acting.paths import STEPS as LEAST_STEPS
from engine.acting.paths import show_paths
from engine.acting.training import PolicyTraining
from engine.artifacts.bookmark import Bookmark
from engine.artifacts.checkpoints import Checkpoints, kept
from engine.artifacts.weights import build_backbone
from engine.backbones.backbone import Backbone, parameter_count
from engine.comparison.intervals import episode_interval
from engine.data.sources import dataset
from engine.data.target import MOVES
from engine.events import Evaluated, Event, Preparing, RunStarted
from engine.experiment import Experiment
from engine.machine.devices import torch_device
from engine.machine.limits import Limits, last_words
from engine.metrics import STEPS

OUTPUTS = 2  # wishes, one for each direction


def run_policies(
    experiment: Experiment, method: PolicyMethod, directory: Path, limits: Limits, bookmark: Bookmark
) -> Iterator[Event]:
    """Build, learn, test on unseen goals. Raises `ExperimentError` for what a person can mend."""
    tasks = goal_tasks(experiment.dataset, method, torch_device(experiment.device))
    model = build_backbone(experiment.backbone, OUTPUTS, experiment.seed, directory.parent).to(tasks.device)
    checkpoints = Checkpoints(directory, bookmark)
    training, settings = PolicyTraining(model, tasks, checkpoints, limits, seed=experiment.seed), method.hyperparameters
    examples = settings.meta_batch * settings.tries
    yield RunStarted(settings.steps, settings.validate_every, examples, facts(model, tasks))
    limits.start()
    yield from kept(training, checkpoints)
    weights = "best validation" if checkpoints.best is not None and checkpoints.best_step else "as loaded"
    if checkpoints.best is not None:
        model.load_state_dict(checkpoints.best)
    yield from test(model, tasks, weights)
    yield from show_paths(model, tasks, tasks.test, "test", training.step, directory)
    yield from checkpoints.insist()
    done = f"{training.step:,} of {settings.steps:,} meta-steps"
    yield from last_words(limits, training.step, settings.steps, done)


def facts(model: Backbone, tasks: GoalTasks) -> dict[str, Any]:
    """What the window shows beside a run."""
    size = parameter_count(model)
    return {
        "tasks": tasks.source.sentence(tasks.choice), "data": dataset(tasks.choice.name).info.title,
        "trainable parameters": size, "parameters": size,
    }  # fmt: skip


def test(model: Backbone, tasks: GoalTasks, weights: str) -> Iterator[Event]:
    """The return after the method's own steps, then after each other number of them on the same goals."""
    yield Preparing("Testing")
    own = tasks.method.hyperparameters.test_steps
    scores = tasks.returns(model, tasks.test, max(own, LEAST_STEPS))
    yield figure(scores[:, own], tasks, weights, own)
    for steps in range(scores.shape[1]):
        if steps != own:
            yield figure(scores[:, steps], tasks, weights, steps, other=True)


def figure(scores: np.ndarray, tasks: GoalTasks, weights: str, steps: int, other: bool = False) -> Evaluated:
    """Over goals [goals]. other: than the number of steps that the run is known by."""
    found = episode_interval(scores)
    notes: dict[str, str | float] = {
        "interval": "95 %, 1.96 standard errors over test goals", "weights": weights, STEPS: steps,
        "median": float(np.median(scores)),
    }  # fmt: skip
    return Evaluated(
        MOVES.metric, found.value, found.low, found.high, len(scores), "episodes", {STEPS: steps} if other else {},
        conditions=tasks.conditions, notes=notes, scores=scores,
    )  # fmt: skip
