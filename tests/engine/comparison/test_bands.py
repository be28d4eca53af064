"""Means, bands and smoothing against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.bands import band, smooth


def test_a_band_holds_the_last_value_and_goes_on_with_the_curves_that_remain() -> None:
    first = (np.array([1, 2, 3, 4]), np.array([0.1, 0.2, 0.3, 0.4]))
    second = (np.array([2, 4, 6]), np.array([0.4, 0.6, 0.9]))
    found = band([first, second])
    assert found.x.tolist() == [2, 3, 4, 6]  # from the later start to the later end
    assert found.mean == pytest.approx([0.3, 0.35, 0.5, 0.9])  # second is held at 0.4 when first is at step 3
    assert found.low == pytest.approx([0.2, 0.3, 0.4, 0.9])  # of two curves their range
    assert found.high == pytest.approx([0.4, 0.4, 0.6, 0.9])
    assert (found.n, found.counts.tolist()) == (2, [2, 2, 2, 1])


def test_where_one_of_four_seeds_ends_the_interval_is_that_of_three() -> None:
    long, short = np.arange(1, 5), np.arange(1, 3)
    curves = [(long, np.full(4, value)) for value in (0.5, 0.6, 0.7)] + [(short, np.full(2, 0.8))]
    found = band(curves)
    assert found.counts.tolist() == [4, 4, 3, 3]
    assert found.mean == pytest.approx([0.65, 0.65, 0.6, 0.6])
    # deviations sqrt(0.05 / 3) and 0.1; Student's t 3.182446 and 4.302653
    half = [3.182446 * np.sqrt(0.05 / 3) / 2] * 2 + [4.302653 * 0.1 / np.sqrt(3)] * 2
    assert found.high - found.mean == pytest.approx(half, abs=1e-6)
    assert found.mean - found.low == pytest.approx(half, abs=1e-6)


def test_the_band_of_three_seeds_by_hand() -> None:
    steps = np.array([1, 2])
    found = band([(steps, np.array([0.5, 0.8])), (steps, np.array([0.6, 0.8])), (steps, np.array([0.7, 0.8]))])
    assert found.mean == pytest.approx([0.6, 0.8])
    assert found.high == pytest.approx([0.6 + 4.302653 * 0.1 / np.sqrt(3), 0.8])


def test_one_curve_is_its_own_mean_without_a_band() -> None:
    found = band([(np.array([1, 2]), np.array([0.5, 0.6]))])
    assert found.n == 1
    assert found.low.tolist() == found.mean.tolist() == found.high.tolist() == [0.5, 0.6]


def test_a_value_that_is_no_number_is_a_gap_of_the_band() -> None:
    broken = (np.array([1, 3, 5]), np.array([0.5, np.nan, 0.7]))
    found = band([broken, (np.empty(0), np.empty(0))])
    assert (found.n, found.x.tolist(), found.gaps.tolist()) == (1, [1, 5], [3])
    whole = (np.array([1, 2, 3, 4, 5]), np.full(5, 0.9))
    together = band([broken, whole])  # held at "no number" until the next value
    assert (together.x.tolist(), together.gaps.tolist()) == ([1, 2, 5], [3, 4])
    assert together.mean == pytest.approx([0.7, 0.7, 0.8])
    assert band([]).n == 0


def test_curves_that_never_overlap_are_all_shown() -> None:
    found = band([(np.array([1, 2]), np.array([0.1, 0.2])), (np.array([5, 6]), np.array([0.3, 0.4]))])
    assert (found.x.tolist(), found.counts.tolist()) == ([1, 2, 5, 6], [1, 1, 1, 1])


def test_smoothing_by_hand() -> None:
    found = smooth(np.array([1.0, 2.0, 4.0]), 0.5)
    # averages 0.5, 1.25, 2.625 divided by 1/2, 3/4, 7/8
    assert found == pytest.approx([1.0, 5 / 3, 3.0])


def test_smoothing_starts_at_the_first_value_and_keeps_a_constant() -> None:
    assert smooth(np.full(500, 0.3), 0.99) == pytest.approx(np.full(500, 0.3))


@pytest.mark.parametrize("weight", [0.2, 0.6, 0.97, 0.999])
def test_smoothing_of_a_long_curve_equals_the_plain_loop(weight: float) -> None:
    y = np.random.default_rng(0).normal(size=3000)
    expected, last = [], 0.0
    for index, value in enumerate(y):
        last = weight * last + (1 - weight) * value
        expected.append(last / (1 - weight ** (index + 1)))
    assert smooth(y, weight) == pytest.approx(expected, abs=1e-12)


def test_a_missing_value_does_not_spread() -> None:
    found = smooth(np.array([1.0, np.nan, 2.0, 4.0]), 0.5)
    assert np.isnan(found[1])
    assert found[[0, 2, 3]] == pytest.approx([1.0, 5 / 3, 3.0])


def test_a_weight_outside_0_and_1_is_refused() -> None:
    assert smooth(np.array([1.0, 9.0]), 0).tolist() == [1.0, 9.0]
    with pytest.raises(ValueError, match="between 0 and 1"):
        smooth(np.array([1.0]), 1.0)
