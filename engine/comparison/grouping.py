"""Runs that differ only in the seed, as one configuration with its mean and interval over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from engine import metrics
from engine.comparison.crossed import ENOUGH_SEEDS, of_seeds
from engine.comparison.intervals import Interval
from engine.events import Evaluated, RunState
from engine.experiment import Experiment


class SavedRun(Protocol):
    """What grouping needs of a run. test: has a value."""

    @property
    def group(self) -> str: ...
    @property
    def experiment(self) -> Experiment: ...
    @property
    def created(self) -> float: ...
    @property
    def state(self) -> RunState: ...
    @property
    def test(self) -> Evaluated | None: ...
    @property
    def facts(self) -> Mapping[str, Any]: ...


R = TypeVar("R", bound=SavedRun)
T = TypeVar("T")


@dataclass(frozen=True)
class RunGroup(Generic[R]):
    """One configuration. members: its runs by seed, newest last. test: over seeds, None if no value."""

    key: str
    members: tuple[R, ...]
    test: Interval | None

    @property
    def seeds(self) -> tuple[int, ...]:
        """Every seed among the members, once."""
        return tuple(sorted({run.experiment.seed for run in self.members}))


def configurations(rows: Iterable[R]) -> dict[str, list[R]]:
    """Runs by what they have in common but the seed. The same settings on files that changed in between are two: their
    seeds met other images, and no mean speaks of both."""
    rows = list(rows)
    data: dict[str, set[str]] = {}
    for row in rows:
        data.setdefault(row.group, set()).update([str(row.facts["data"])] if "data" in row.facts else [])
    found: dict[str, list[R]] = {}
    for row in rows:
        apart = f" {row.facts.get('data', '')}" if len(data[row.group]) > 1 else ""
        found.setdefault(row.group + apart, []).append(row)
    return found


def run_group(key: str, runs: Sequence[R]) -> RunGroup[R]:
    """One configuration from its runs."""
    ordered = tuple(sorted(runs, key=lambda run: (run.experiment.seed, run.created)))
    counted = one_per_seed((run, run, run.test is not None) for run in ordered)
    tested = [run.test for run in counted if run.test is not None]
    test = over_seeds([result.value for result in tested], tested[0].metric) if tested else None
    return RunGroup(key, ordered, test)


def one_per_seed(runs: Iterable[tuple[T, SavedRun, bool]]) -> list[T]:
    """Of several runs with the same seed the one that stands for it everywhere, by rising seed: one that was tested
    before one that was not, one that finished before one that did not, then the latest. runs: with the saved run and
    whether it was tested."""
    found: dict[int, tuple[tuple[bool, bool, float], T]] = {}
    for run, saved, tested in runs:
        rank = (tested, saved.state is RunState.FINISHED, saved.created)
        seed = saved.experiment.seed
        if seed not in found or rank >= found[seed][0]:
            found[seed] = rank, run
    return [found[seed][1] for seed in sorted(found)]


def over_seeds(values: Iterable[float], metric: str) -> Interval | None:
    """Mean of one value per seed with Student's interval over seeds, from three of them on; of shares inside 0 and 1.
    Values that are no numbers are left out; None without any."""
    known = np.array([value for value in values if isfinite(value)])
    if not known.size:
        return None
    if known.size < ENOUGH_SEEDS:
        return Interval(float(known.mean()), nan, nan, known.size)
    return of_seeds(known).interval(*metrics.of(metric).limits)
