"""Runs that differ only in the seed, as one configuration with its mean and interval over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from engine.comparison.intervals import Interval, mean_interval
from engine.experiment import Experiment


class SavedRun(Protocol):
    """What grouping needs of a run. best: metric -> (value, step); last: metric -> value; test: has a value."""

    @property
    def group(self) -> str: ...
    @property
    def experiment(self) -> Experiment: ...
    @property
    def created(self) -> float: ...
    @property
    def best(self) -> Mapping[str, tuple[float, int]]: ...
    @property
    def last(self) -> Mapping[str, float]: ...
    @property
    def test(self) -> Any: ...


R = TypeVar("R", bound=SavedRun)


@dataclass(frozen=True)
class RunGroup(Generic[R]):
    """One configuration. members: its runs by seed, newest last. test, best, last: over seeds, None if no value."""

    key: str
    members: tuple[R, ...]
    test: Interval | None
    best: Interval | None
    last: Interval | None

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every seed among the members, once."""
        return tuple(sorted({run.experiment.seed for run in self.members}))


def group_runs(rows: Iterable[R], metric: str = "val/accuracy") -> list[RunGroup[R]]:
    """Group saved runs by configuration, in the order their first member comes; `metric` is what best and last mean."""
    members: dict[str, list[R]] = {}
    for row in rows:
        members.setdefault(row.group, []).append(row)
    return [run_group(key, runs, metric) for key, runs in members.items()]


def run_group(key: str, runs: Sequence[R], metric: str) -> RunGroup[R]:
    """One configuration from its runs; of two runs with the same seed the newer counts."""
    ordered = tuple(sorted(runs, key=lambda run: (run.experiment.seed, run.created)))
    tested = {run.experiment.seed: run.test.value for run in ordered if run.test is not None}
    best = {run.experiment.seed: run.best[metric][0] for run in ordered if metric in run.best}
    last = {run.experiment.seed: run.last[metric] for run in ordered if metric in run.last}
    return RunGroup(key, ordered, over_seeds(tested), over_seeds(best), over_seeds(last))


def over_seeds(values: Mapping[int, float]) -> Interval | None:
    """Mean with Student's t interval over seeds; None without any."""
    return mean_interval(values.values()) if values else None
