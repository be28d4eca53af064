"""Runs written the way a run writes them: events through `storage.record`, a database on the disk."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from engine.events import (
    EpochCompleted,
    Evaluated,
    Event,
    Metrics,
    Notice,
    RunFailed,
    RunFinished,
    RunStarted,
    RunStopped,
)  # fmt: skip
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.machine.environment import environment
from engine.naming import run_name
from storage.record import record
from storage.store import RunRow, RunStore
from tests.new_runs import new_run

CLASSES = ("a", "b", "c", "d")
PROTOCOL = {"split": "stratified, 50/20/30 % of each class", "batch norm": "running statistics",
            "weights": "best validation epoch", "data": "0123"}  # fmt: skip


def experiment(method: str = "lp_ft", seed: int = 0) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits", labels_per_class=2), backbone=BackboneChoice(name="conv4"),
        method=MethodChoice(name=method), seed=seed,
    )  # fmt: skip


def tested() -> Evaluated:
    """40 test images of four classes, every tenth mistaken for the next class."""
    truth = np.repeat(np.arange(4), 10)
    predicted = np.where(np.arange(40) % 10 == 0, (truth + 1) % 4, truth)
    kept = {"ids": np.arange(40), "truth": truth.astype(np.int16), "predicted": predicted.astype(np.int16)}
    return Evaluated("test/accuracy", 0.9, 0.769, 0.960, 40, "images", notes=PROTOCOL, class_names=CLASSES, **kept)


def training(epochs: int = 6, per_epoch: int = 5, planned: int = 6) -> Iterator[Event]:
    """Loss falls, validation accuracy peaks in epoch 4."""
    yield RunStarted(planned * per_epoch, per_epoch, 16, {"classes": 4}, environment=environment())
    yield Notice("Using the bundled weights.")
    for epoch in range(1, epochs + 1):
        for step in range((epoch - 1) * per_epoch + 1, epoch * per_epoch + 1):
            yield Metrics(step, {"train/loss": 2 / step, "train/accuracy": 1 - 1 / step})
        step = epoch * per_epoch
        values = {"val/loss": 2 / step + 0.1, "val/accuracy": 0.8 - 0.1 * abs(epoch - 4), "moved/head": epoch / 10}
        yield Metrics(step, values)
        yield EpochCompleted(epoch, step)


def finished() -> Iterator[Event]:
    yield from training()
    yield tested()
    yield RunFinished(30)


def stopped() -> Iterator[Event]:
    yield from training(3)
    yield tested()
    yield RunStopped(15)


def failed() -> Iterator[Event]:
    yield from training(2)
    yield RunFailed("experiment", "Out of memory: the step needs 3.1 GB.", "Retry with batch 16 or use the CPU.")


def crashed() -> Iterator[Event]:
    yield from training(1)
    yield RunFailed("bug", "The run ended because of a mistake in the program.", "Copy the details.", "Traceback: x.py")


def long(points: int) -> Iterator[Event]:
    """A noisy training loss of so many points."""
    yield RunStarted(points, 1000, 16)
    values = np.random.default_rng(0).normal(1, 0.1, points)
    for step, value in enumerate(values, 1):
        yield Metrics(step, {"train/loss": float(value)})
    yield RunFinished(points)


def save(store: RunStore, events: Iterator[Event], name: str = "", method: str = "lp_ft", seed: int = 0) -> RunRow:
    """Record these events as a run of some time ago, a second of its clock per look at it."""
    row = store.create(new_run(experiment(method, seed), name or run_name(experiment(method, seed))))
    clock = count(1_700_000_000 + 1000 * row.id)
    for _ in record(store, row.id, events, clock=lambda: float(next(clock))):
        pass
    return store.run(row.id)
