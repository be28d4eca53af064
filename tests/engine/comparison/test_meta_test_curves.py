"""Curves of a meta-test over inner steps, shots and hardness, by numbers that can be followed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.adaptation import HARDNESS, curve, fifths, hardness_curve, mean_curve, points
from engine.events import Evaluated
from engine.metrics import SHOTS, STEPS


def figure(value: float, hard: np.ndarray | None = None, scores: np.ndarray | None = None, **at: int) -> Evaluated:
    return Evaluated(
        "test/accuracy", value, value - 0.1, value + 0.1, 30, "episodes", at, notes={STEPS: 3, SHOTS: 1},
        scores=scores, hardness=hard,
    )  # fmt: skip


def episodes(level: float, hard: np.ndarray) -> list[Evaluated]:
    scores = level - 0.5 * hard
    return [figure(float(scores.mean()), hard, scores)]


RISING = np.arange(30) / 30


def test_fifths_are_as_large_as_can_be_and_keep_equals_together() -> None:
    assert next(part.tolist() for part in fifths(RISING[::-1])) == [29, 28, 27, 26, 25, 24]
    assert [len(part) for part in fifths(RISING)] == [6, 6, 6, 6, 6]
    assert [len(part) for part in fifths(np.repeat([0.1, 0.9], 10))] == [10, 10]


def test_one_run_falls_from_its_easiest_to_its_hardest_fifth() -> None:
    found = curve(episodes(0.9, RISING), HARDNESS)
    assert found is not None
    assert found.x == pytest.approx([2.5 / 30, 8.5 / 30, 14.5 / 30, 20.5 / 30, 26.5 / 30])
    assert found.y == pytest.approx(0.9 - 0.5 * found.x)
    assert (found.basis, found.own) == ("over test episodes", -1)  # the run's own test is all of them
    assert hardness_curve({0: tuple(episodes(0.9, RISING[:19]))}) is None  # too few
    for scores in (None, RISING[1:]):  # not kept, or not of these episodes
        assert curve([figure(0.5, RISING, scores)], HARDNESS) is None


def test_seeds_on_the_same_episodes_count_with_their_mean_and_on_others_side_by_side() -> None:
    same = mean_curve({0: episodes(0.9, RISING), 1: episodes(0.7, RISING)}, HARDNESS)
    assert same is not None
    assert same.y == pytest.approx(0.8 - 0.5 * same.x)
    others = mean_curve({0: episodes(0.8, RISING), 1: episodes(0.8, RISING + 1)}, HARDNESS)
    assert others is not None
    assert others.x == pytest.approx([5.5 / 30, 17.5 / 30, (6 * 26.5 + 6 * 32.5) / 12 / 30, 41.5 / 30, 53.5 / 30])


def test_steps_and_shots_are_where_a_figure_says_that_it_was_measured() -> None:
    results = [figure(0.6), figure(0.5, **{STEPS: 1}), figure(0.7, **{STEPS: 10}), figure(0.8, shots=5)]
    steps, shots = points(results, "inner steps"), points(results, "shots")
    assert steps is not None
    assert shots is not None
    assert (steps[0], {x: f.value for x, f in steps[1].items()}) == (3, {3: 0.6, 1: 0.5, 10: 0.7})
    assert (shots[0], {x: f.value for x, f in shots[1].items()}) == (1, {1: 0.6, 5: 0.8})
    found = curve(results, "inner steps")
    assert found is not None
    assert (found.x.tolist(), found.y.tolist(), found.own) == ([1, 3, 10], [0.5, 0.6, 0.7], 3)
    assert found.low == pytest.approx([0.4, 0.5, 0.6])
    assert points(results[:1], "shots") is None


def test_seeds_are_averaged_where_all_were_tested() -> None:
    first = [figure(0.6), figure(0.8, shots=5), figure(0.9, shots=10)]
    second = [figure(0.4), figure(0.6, shots=5)]
    found = mean_curve({0: first, 1: second}, "shots")
    assert found is not None
    assert (found.x.tolist(), found.own) == ([1, 5], 1)
    assert found.y == pytest.approx([0.5, 0.7])
    assert found.basis == "too few seeds for an interval"
    alone = mean_curve({0: first, 1: []}, "shots")
    assert alone is not None
    assert alone.x.tolist() == [1, 5, 10]
    broken = [figure(0.6), figure(float("nan"), shots=5)]
    assert mean_curve({0: broken, 1: broken}, "shots") is None  # one place is left
