"""The calibration error by hand, and how often its interval covers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.comparison.intervals import Interval
from engine.comparison.reliability import BINS, Answered, Reliability, lowered, reliability


def two_classes(confidence: list[float], right: list[bool]) -> Answered:
    """The answer is always class 0."""
    shares = np.array([[one, 1 - one] for one in confidence])
    return Answered.of(shares, np.array([0 if one else 1 for one in right], np.int64))


def test_the_error_is_the_mean_gap_between_what_is_said_and_what_is_right() -> None:
    """Two images said at 0.9, one of them right: a gap of 0.4. Two at 0.6, both right: a gap of 0.4. Half of each."""
    found = reliability(two_classes([0.9, 0.9, 0.6, 0.6], [True, False, True, True]))
    assert found.error.value == pytest.approx(0.4)
    assert found.error.n == 4
    assert {place: int(count) for place, count in enumerate(found.counts) if count} == {8: 2, 13: 2}
    assert (found.confidence[13], found.right[13]) == pytest.approx((0.9, 0.5))
    assert (found.confidence[8], found.right[8]) == pytest.approx((0.6, 1.0))


def test_gaps_of_one_bin_cancel_and_those_of_two_do_not() -> None:
    assert two_classes([0.99, 0.99], [True, True]).error() == pytest.approx(0.01)
    assert two_classes([0.95, 0.96], [False, True]).error() == pytest.approx((0.95 - 0.04) / 2)
    assert two_classes([0.8, 1.0], [True, False]).error() == pytest.approx(0.6)  # (0.2 + 1.0) / 2


@pytest.mark.parametrize("confidence,place", [(1 / BINS, 0), (2 / BINS, 1), (1.0, BINS - 1), (1e-9, 0)])
def test_a_bin_has_its_upper_end(confidence: float, place: int) -> None:
    answered = Answered(np.array([confidence]), np.array([True]))
    assert answered.bins.tolist() == [place]


def test_the_interval_covers_what_is_true() -> None:
    """Of 60 samples from probabilities that are as they are said, 0 lies in most intervals; of those that are said 0.2
    too high, 0.2 does."""
    rng, covered = np.random.default_rng(5), {0.0: 0, 0.2: 0}
    for _ in range(60):
        said = rng.uniform(0.6, 1.0, 150)
        for excess in covered:
            error = reliability(Answered(said, rng.random(150) < said - excess)).error
            covered[excess] += error.low <= excess <= error.high
    assert covered[0.0] >= 51
    assert covered[0.2] >= 51


@pytest.mark.parametrize("right", [55, 60, 62, 70, 90])
def test_the_error_lies_in_its_own_interval(right: int) -> None:
    rng = np.random.default_rng(right)
    error = reliability(Answered(rng.uniform(0.3, 0.95, 100), np.arange(100) < right)).error
    assert 0 <= error.low <= error.value <= error.high <= 1


def test_what_temperature_gains_is_measured_on_the_same_draws() -> None:
    rng = np.random.default_rng(0)
    said = rng.uniform(0.7, 0.9, 500)
    right = rng.random(500) < said
    sure = Answered(np.full(500, 0.99), right)
    found = lowered(sure, Answered(said, right))
    assert found.value == pytest.approx(sure.error() - Answered(said, right).error())
    assert 0 < found.low < found.value < found.high
    assert lowered(sure, sure) == Interval(0.0, 0.0, 0.0, 500)


def test_it_is_read_as_it_was_written() -> None:
    found = reliability(two_classes([0.9, 0.7, 0.6], [True, False, True]))
    again = Reliability.heard(json.loads(json.dumps(found.told())))
    assert again.error == found.error
    assert again.chance == found.chance
    assert np.array_equal(again.counts, found.counts)
    assert np.array_equal(again.confidence, found.confidence)
    with pytest.raises(ValueError):
        Reliability.heard({**found.told(), "counts": [1, 2]})
    with pytest.raises(ValueError):
        reliability(Answered(np.empty(0), np.empty(0, bool)))


def test_images_of_a_task_are_drawn_together() -> None:
    """Each image four times over says no more than once: the interval is the same, not half as wide."""
    rng = np.random.default_rng(3)
    sure, right = rng.uniform(0.4, 1, 200), rng.random(200) < 0.6
    once = reliability(Answered(sure, right))
    tasks = np.repeat(np.arange(200), 4)
    together = reliability(Answered(np.repeat(sure, 4), np.repeat(right, 4), tasks))
    assert together.error.value == pytest.approx(once.error.value)
    assert (together.error.low, together.error.high) == pytest.approx((once.error.low, once.error.high))
    apart = reliability(Answered(np.repeat(sure, 4), np.repeat(right, 4)))
    assert apart.error.high - apart.error.low < 0.7 * (once.error.high - once.error.low)
