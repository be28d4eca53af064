"""Curves of a meta-test over inner steps, shots and hardness, by numbers that can be followed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.adaptation import curve, mean_curve, points
from engine.comparison.by_hardness import HARDNESS, fifths, hardness_curve
from engine.events import Evaluated


def figure(metric: str, value: float, hard: np.ndarray | None = None, scores: np.ndarray | None = None) -> Evaluated:
    said = {"inner steps": "3", "episodes": "5-way 1-shot, 5 query images per class"}
    return Evaluated(
        metric, value, value - 0.1, value + 0.1, 30, "episodes", said, scores=scores, hardness=hard
    )  # fmt: skip


def episodes(level: float, hard: np.ndarray) -> list[Evaluated]:
    scores = level - 0.5 * hard
    return [figure("test/accuracy", float(scores.mean()), hard, scores)]


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
        assert curve([figure("test/accuracy", 0.5, RISING, scores)], HARDNESS) is None


def test_seeds_on_the_same_episodes_count_with_their_mean_and_on_others_side_by_side() -> None:
    same = mean_curve({0: episodes(0.9, RISING), 1: episodes(0.7, RISING)}, HARDNESS)
    assert same is not None
    assert same.y == pytest.approx(0.8 - 0.5 * same.x)
    others = mean_curve({0: episodes(0.8, RISING), 1: episodes(0.8, RISING + 1)}, HARDNESS)
    assert others is not None
    assert others.x == pytest.approx([5.5 / 30, 17.5 / 30, (6 * 26.5 + 6 * 32.5) / 12 / 30, 41.5 / 30, 53.5 / 30])


def test_steps_and_shots_are_read_from_the_names_and_the_protocol() -> None:
    results = [figure("test/accuracy", 0.6), figure("test/accuracy, 1 inner step", 0.5)]
    results += [figure("test/accuracy, 10 inner steps", 0.7), figure("test/accuracy, 5-shot", 0.8)]
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
    first = [figure("test/accuracy", 0.6), figure("test/accuracy, 5-shot", 0.8), figure("test/accuracy, 10-shot", 0.9)]
    second = [figure("test/accuracy", 0.4), figure("test/accuracy, 5-shot", 0.6)]
    found = mean_curve({0: first, 1: second}, "shots")
    assert found is not None
    assert (found.x.tolist(), found.own) == ([1, 5], 1)
    assert found.y == pytest.approx([0.5, 0.7])
    assert found.basis == "too few seeds for an interval"
    alone = mean_curve({0: first, 1: []}, "shots")
    assert alone is not None
    assert alone.x.tolist() == [1, 5, 10]
    broken = [figure("test/accuracy", 0.6), figure("test/accuracy, 5-shot", float("nan"))]
    assert mean_curve({0: broken, 1: broken}, "shots") is None  # one place is left
