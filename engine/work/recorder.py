"""What a run at work needs of the place where runs are saved. The engine knows no database: a store is handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from engine.events import Evaluated, Event, Formulation, Heard, RunStarted, RunState, TrialCompleted

if TYPE_CHECKING:
    import numpy as np

    from engine.experiment import Experiment, NewRun


class Known(Protocol):
    """A saved run, without what it is of."""

    @property
    def id(self) -> int: ...
    @property
    def uid(self) -> str: ...
    @property
    def state(self) -> RunState: ...


class Run(Known, Protocol):
    """A saved run. created: when it was made, in seconds since the epoch."""

    @property
    def created(self) -> float: ...

    @property
    def experiment(self) -> Experiment: ...


class SavedCurve(Protocol):
    """steps: int64 [n]. times: float64 [n], seconds since the first step. values: float64 [n]."""

    @property
    def steps(self) -> np.ndarray: ...
    @property
    def times(self) -> np.ndarray: ...
    @property
    def values(self) -> np.ndarray: ...
    def __len__(self) -> int: ...


SavedRun = TypeVar("SavedRun", bound=Run)


class Registry(Protocol[SavedRun]):
    """Where a run is saved before it is put in line. All raise `StorageError`."""

    def create(self, new: NewRun) -> SavedRun: ...
    def put_in_line(self, run_id: int) -> SavedRun: ...
    def run(self, key: int | str) -> SavedRun: ...
    def directory(self, run: SavedRun) -> Path: ...


class Recorder(Registry[SavedRun], Protocol[SavedRun]):
    """Where a run is saved while it works; opened, used and closed in the run's own thread. Raises `StorageError`.

    record: writes what is said and hands it on, each event when it is saved; see `storage.record.record`.
    """

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def record(
        self, run_id: int, events: Iterator[Event], heard: Callable[[], Heard | None] = ...
    ) -> Iterator[Event]: ...
    def heard(self, run_id: int) -> Heard | None: ...
    def began(self, run_id: int) -> RunStarted | None: ...
    def set_state(self, run_id: int, state: RunState) -> None: ...
    def beat(self, run_id: int) -> None: ...
    def put_off(self, run_id: int) -> bool: ...
    def delete(self, run_ids: Iterable[int]) -> object: ...
    def metric_names(self, run_id: int) -> list[str]: ...
    def curve(self, run_id: int, metric: str) -> SavedCurve: ...
    def results(self, run_id: int) -> list[Evaluated]: ...
    def trials(self, run_id: int) -> list[TrialCompleted]: ...
    def formulations(self, run_id: int) -> list[Formulation]: ...


@dataclass(frozen=True)
class SavedPast:
    """What a run that goes on has saved before, said once before its `RunStarted`. seconds: of training."""

    curves: Mapping[str, SavedCurve]
    results: Sequence[Evaluated]
    trials: Sequence[TrialCompleted]
    seconds: float


@dataclass(frozen=True)
class Now:
    """What the run does from now on: queued comes first, then running and paused in turn."""

    state: RunState


@dataclass(frozen=True)
class Left:
    """The run is out of the queue, whatever its last word was. Always the last."""


Said = Event | SavedPast | Now | Left


def past(recorder: Recorder[Any], run_id: int, started: RunStarted) -> SavedPast:
    """What was saved of a run before it started again at `started.note`."""
    assert started.note is not None
    curves = {name: recorder.curve(run_id, name) for name in recorder.metric_names(run_id)}
    return SavedPast(curves, recorder.results(run_id), recorder.trials(run_id), float(started.note["seconds"]))
