"""Saved runs for the tests of the Compare page, written the way a run writes them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine import registry
from engine.comparison.intervals import wilson
from engine.events import (
    EpochCompleted,
    Evaluated,
    Event,
    Metrics,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
)
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine.environment import environment
from engine.naming import run_name
from storage.record import record
from storage.store import RunRow, RunStore
from tests.new_runs import new_run

CLASSES = ("circle", "square", "star", "cross")
IMAGES = 120
CONDITIONS = {"split": "stratified", "batch norm": "running statistics"}
NOTES = {"interval": "Wilson", "weights": "best"}


def experiment(method: str = "lp_ft", seed: int = 0, labels: int = 2, **hyperparameters: object) -> Experiment:
    chosen = Experiment(
        dataset=DatasetChoice(name="digits", classes=4, labels_per_class=labels),
        backbone=BackboneChoice(name="conv4", weights="random" if method == "scratch" else "omniglot-supervised"),
        method=MethodChoice(name=method, hyperparameters=hyperparameters),
        seed=seed,
    )
    return registry.complete(chosen)


def figure(wrong: int, seed: int = 0) -> Evaluated:
    """A test figure with this many wrong of 120 images, nearly the same images for every seed."""
    truth = np.arange(IMAGES) % 4
    right = np.ones(IMAGES, bool)
    right[(np.arange(wrong) + seed) % IMAGES] = False
    predicted = np.where(right, truth, (truth + 1) % 4)
    found = wilson(int(right.sum()), IMAGES)
    return Evaluated("test/accuracy", found.value, found.low, found.high, IMAGES, "images", {}, CONDITIONS, NOTES,
                     ids=np.arange(IMAGES), truth=truth.astype(np.int16), predicted=predicted.astype(np.int16),
                     class_names=CLASSES)  # fmt: skip


def happenings(wrong: int, seed: int, tested: bool = True) -> Iterator[Event]:
    """What a short run says."""
    yield RunStarted(total_steps=6, steps_per_epoch=2, examples_per_step=8, environment=environment())
    for epoch in range(1, 4):
        accuracy = 1 - wrong / IMAGES - 0.1 / epoch + 0.001 * seed
        yield Metrics(2 * epoch, {"train/loss": 1 / epoch, "val/loss": 1.5 / epoch, "val/accuracy": accuracy})
        yield EpochCompleted(epoch, 2 * epoch)
    if not tested:
        yield RunFailed("experiment", "Out of memory.", "Use a smaller batch.")
        return
    yield figure(wrong, seed)
    yield RunFinished(6)


def save(store: RunStore, settings: Experiment, wrong: int, name: str = "", tested: bool = True) -> RunRow:
    row = store.create(new_run(settings, name or run_name(settings)))
    store.set_state(row.id, RunState.RUNNING)
    for _ in record(store, row.id, happenings(wrong, settings.seed, tested)):
        pass
    return store.run(row.id)


def ids(rows: list[RunRow]) -> list[int]:
    return [row.id for row in rows]
