"""Runs of one configuration under one heading, with the mean over seeds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from engine.comparison.grouping import RunGroup, configurations, one_per_seed, over_seeds, run_group
from engine.comparison.intervals import Interval
from engine.comparison.wording import count, duration, percent, points, to_go, with_interval
from engine.events import RunState
from engine.experiment import DatasetChoice, Experiment


@dataclass(frozen=True)
class Saved:
    experiment: Experiment
    created: float = 0.0
    best: dict[str, tuple[float, int]] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    test: Any = None
    state: RunState = RunState.FINISHED
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        return self.experiment.group_hash()


def saved(seed: int, value: float | None, labels: int = 2, created: float = 0.0) -> Saved:
    test = None if value is None else SimpleNamespace(value=value, metric="test/accuracy")
    return Saved(Experiment(seed=seed, dataset=DatasetChoice(labels_per_class=labels)), created, test=test)


def group_runs(runs: list[Saved]) -> list[RunGroup[Saved]]:
    return [run_group(key, members) for key, members in configurations(runs).items()]


def test_runs_that_differ_only_in_the_seed_are_one_configuration() -> None:
    groups = group_runs([saved(1, 0.82), saved(0, 0.80), saved(0, 0.5, labels=5), saved(2, 0.84)])
    assert [group.seeds for group in groups] == [(0, 1, 2), (0,)]
    first = groups[0].test
    assert first is not None
    assert (first.value, first.n) == (pytest.approx(0.82), 3)
    assert first.half == pytest.approx(4.302653 * 0.02 / 3**0.5, abs=1e-6)


def test_of_two_runs_with_one_seed_the_newer_counts() -> None:
    (group,) = group_runs([saved(0, 0.9, created=20.0), saved(0, 0.1, created=10.0)])
    assert group.test is not None
    assert (group.test.value, group.test.n, len(group.members)) == (0.9, 1, 2)


def test_a_seed_is_stood_for_by_its_latest_run_that_finished() -> None:
    def run(created: float, state: RunState, value: float | None) -> Saved:
        return replace(saved(0, value, created=created), state=state)

    finished, stopped, failed = RunState.FINISHED, RunState.STOPPED, RunState.FAILED
    for runs, counted in (
        ([run(1, finished, 0.1), run(2, finished, 0.2), run(3, failed, None)], 2),
        ([run(1, finished, 0.1), run(2, stopped, 0.2)], 1),
        ([run(1, stopped, 0.1), run(2, finished, None)], 1),  # a figure counts before everything
        ([run(1, finished, None), run(2, RunState.RUNNING, None)], 1),
    ):
        for order in (runs, runs[::-1]):
            (found,) = one_per_seed((one, one, one.test is not None) for one in order)
            assert found.created == counted


def test_two_seeds_have_a_mean_and_no_interval_and_none_leaves_0_and_1() -> None:
    two, three = over_seeds([0.6, 0.9], "test/accuracy"), over_seeds([0.99, 0.80, 0.97], "test/accuracy")
    assert two is not None
    assert three is not None
    assert (two.value, two.known, with_interval(two)) == (0.75, False, "75.0 %")
    assert (three.low > 0, three.high) == (True, 1.0)  # Student's would end at 117.9 %
    error = over_seeds([0.99, 0.80, 0.97], "test/error")
    assert error is not None
    assert error.high == pytest.approx(0.92 + 4.302653 * 0.1044031 / 3**0.5, abs=1e-6)


def test_a_configuration_without_a_result_has_none() -> None:
    (group,) = group_runs([saved(0, None)])
    assert group.test is None


def test_figures_read_as_a_person_says_them() -> None:
    assert with_interval(Interval(0.812, 0.798, 0.826, 5)) == "81.2 % (79.8 to 82.6)"
    assert with_interval(Interval(0.97, 0.941, 0.985, 100)) == "97.0 % (94.1 to 98.5)"
    assert with_interval(Interval(0.97, float("nan"), float("nan"), 1)) == "97.0 %"
    assert (percent(0.5), points(-0.0123), count(1, "seeds")) == ("50.0 %", "−1.2 points", "1 seed")
    spoken = {
        0.0: "0.0 s",
        0.004: "4 ms",
        0.9: "900 ms",
        4.25: "4.2 s",
        9.97: "10 s",
        48.2: "48 s",
        59.8: "1 min 0 s",
        200: "3 min 20 s",
    }
    assert {seconds: duration(seconds) for seconds in spoken} == spoken
    assert [duration(seconds) for seconds in (7500, None, -0.5, float("nan"))] == ["2 h 5 min", "–", "–", "–"]
    assert [to_go(seconds) for seconds in (0.0, 0.655, 3.6, 47.2, 200)] == ["1 s", "1 s", "4 s", "47 s", "3 min 20 s"]


def test_seeds_that_met_other_images_are_not_one_configuration() -> None:
    """The same settings, but the files changed between seed 1 and seed 2; a run that never read any stands apart."""
    data = ("bytes-a", "bytes-a", "bytes-b", None)
    runs = [replace(saved(seed, 0.5), facts={"data": said} if said else {}) for seed, said in enumerate(data)]
    assert [group.seeds for group in group_runs(runs)] == [(0, 1), (2,), (3,)]
    assert [group.seeds for group in group_runs([runs[0], runs[1], runs[3]])] == [(0, 1, 3)]
