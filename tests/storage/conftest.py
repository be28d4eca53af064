"""A workspace, a store, and a small training that says what `execute` would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.events import (
    CheckpointSaved,
    EpochCompleted,
    Evaluated,
    Event,
    Metrics,
    Preparing,
    RunFinished,
    RunStarted,
)
from engine.experiment import Experiment, MethodChoice
from storage.record import record
from storage.store import RunRow, RunStore
from storage.workspace import Workspace
from tests.new_runs import new_run

Training = Callable[..., Iterator[Event]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def store(workspace: Workspace) -> Iterator[RunStore]:
    with RunStore(workspace) as opened:
        yield opened


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(method=MethodChoice(name="lp_ft", hyperparameters={"epochs": 3}), seed=4)


def evaluated() -> Evaluated:
    return Evaluated(
        metric="test/accuracy",
        value=0.75,
        low=0.3,
        high=0.95,
        n=4,
        unit="images",
        conditions={"split": "stratified"},
        notes={"interval": "Wilson"},
        ids=np.array([7, 11, 2**40, 3]),
        truth=np.array([0, 1, 2, 1], np.int16),
        predicted=np.array([0, 1, 2, 2], np.int16),
        class_names=("ka", "kha", "ga"),
    )


def training_events(steps: int = 30, epoch: int = 10) -> Iterator[Event]:
    """Loss falls, accuracy rises and is NaN at every third step."""
    yield Preparing("Reading images", 0.5)
    yield RunStarted(steps, epoch, 32, {"classes": 3, "trainable parameters": np.int64(113088)})
    for step in range(1, steps + 1):
        accuracy = float("nan") if step % 3 == 0 else step / steps
        yield Metrics(step, {"train/loss": 1 / step, "train/accuracy": accuracy})
        if step % epoch == 0:
            yield Metrics(step, {"val/loss": 2 / step})
            yield EpochCompleted(step // epoch, step)
    yield CheckpointSaved("best", "best.safetensors", steps, 0.5)
    yield evaluated()
    yield RunFinished(steps)


@pytest.fixture
def training() -> Training:
    return training_events


@pytest.fixture
def finished(store: RunStore, run: RunRow) -> RunRow:
    for _ in record(store, run.id, training_events()):
        pass
    return store.run(run.id)


@pytest.fixture
def run(store: RunStore, experiment: Experiment) -> RunRow:
    return store.create(new_run(experiment, "first try"))
