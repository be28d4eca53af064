"""Intervals against published tables and arithmetic done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import stdtrit

from engine.comparison.arms import Arm
from engine.comparison.intervals import (
    episode_interval,
    mean_interval,
    paired_share_interval,
    student,
    wilson,
)
from engine.comparison.wording import interval_text, with_interval

SLEEP_PAIRS = (1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4)  # Student (1908), table of additional hours of sleep


@pytest.mark.parametrize(
    "correct, n, low, high",  # Newcombe (1998), Statistics in Medicine 17, table I, score method without correction
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(correct: int, n: int, low: float, high: float) -> None:
    found = wilson(correct, n)
    assert found.value == correct / n
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_wilson_is_symmetric_and_stays_inside_0_and_1() -> None:
    few, many = wilson(2, 12), wilson(10, 12)
    assert few.low == pytest.approx(1 - many.high)
    assert (wilson(0, 5).low, wilson(5, 5).high) == (0.0, 1.0)


@pytest.mark.parametrize("correct, n", [(1, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_what_is_no_share(correct: int, n: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        wilson(correct, n)


def test_student_quantiles_match_scipy_everywhere() -> None:
    freedoms = np.arange(1, 400)
    assert [student(int(v)) for v in freedoms] == pytest.approx(stdtrit(freedoms, 0.975), abs=6e-6)


def test_mean_interval_gives_students_own_example() -> None:
    found = mean_interval(SLEEP_PAIRS)
    assert found.value == pytest.approx(1.58)
    assert (found.low, found.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)  # as printed by R's t.test
    assert found.excludes_zero()


def test_mean_interval_of_two_values_by_hand() -> None:
    found = mean_interval([0.80, 0.84])  # deviation 0.0282843, error 0.02, times 12.7062
    assert (found.low, found.high) == pytest.approx((0.82 - 0.254124, 0.82 + 0.254124), abs=1e-6)


def test_one_value_has_no_interval_and_none_is_an_error() -> None:
    alone = mean_interval([0.7])
    assert alone.value == 0.7
    assert not alone.known
    assert not alone.excludes_zero()
    with pytest.raises(ValueError, match="at least one"):
        mean_interval([])


def test_episode_interval_is_196_standard_errors() -> None:
    scores = np.tile([0.4, 0.6], 300)  # deviation 0.1 * sqrt(600 / 599), error that over sqrt(600) = 0.00408589
    found = episode_interval(scores)
    assert found.n == 600
    assert found.half == pytest.approx(1.959964 * 0.1 / np.sqrt(599), rel=1e-6)
    assert found.half == pytest.approx(0.008008, abs=1e-6)
    inside = episode_interval([1.0, 1.0, 1.0, 0.0]).within(0.0, 1.0)  # 0.75 with an error of 0.5 / 2: up to 1.24
    assert (inside.low, inside.high) == (pytest.approx(0.75 - 1.959964 / 4, abs=1e-6), 1.0)


def test_values_that_happen_to_be_alike_are_no_certainty() -> None:
    for alike in (episode_interval([0.2] * 10), mean_interval([0.7] * 3), episode_interval([1.0] * 600)):
        assert not alike.known
        assert not alike.excludes_zero()
        assert interval_text(alike) == "no interval"
        assert "(" not in with_interval(alike)
    side = Arm("SNAIL", {0: 0.2}, {0: (np.arange(10), np.full(10, 0.2))}, {}, "episodes")
    assert side.basis == "all test episodes alike, no interval"


def test_paired_shares_by_hand() -> None:
    first = np.array([1, 1, 1, 1, 1, 1, 0, 0, 1, 1], dtype=bool)
    second = np.array([1, 1, 0, 0, 0, 0, 0, 1, 1, 1], dtype=bool)
    found = paired_share_interval(first, second)  # 4 only first, 1 only second: 5/12 and 2/12 after adding one to each
    half = 1.959964 * np.sqrt((7 / 12 - (3 / 12) ** 2) / 12)
    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high) == pytest.approx((0.25 - half, 0.25 + half), abs=1e-6)
    assert not found.excludes_zero()


def test_paired_shares_agree_with_a_textbook_for_many_items() -> None:
    """Agresti, Categorical Data Analysis, approval of the prime minister: 794, 150, 86, 570; 95 % 0.021 to 0.059."""
    first = np.repeat([True, True, False, False], [794, 150, 86, 570])
    second = np.repeat([True, False, True, False], [794, 150, 86, 570])
    found = paired_share_interval(first, second)
    assert found.value == pytest.approx(0.04)
    assert (found.low, found.high) == pytest.approx((0.021, 0.059), abs=6e-4)


def test_three_items_that_all_agree_are_not_certainty() -> None:
    found = paired_share_interval(np.ones(3, bool), np.zeros(3, bool))
    assert found.value == 1.0
    assert not found.excludes_zero()  # the plain normal interval would be 1 to 1
