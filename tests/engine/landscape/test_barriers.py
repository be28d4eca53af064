"""The barrier of a line against values by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.landscape.barriers import Barrier, barrier

ALPHAS = np.round(np.linspace(-0.5, 1.5, 41), 9)


def of(values: np.ndarray) -> Barrier:
    return barrier(ALPHAS, np.repeat(values[:, None], 4, 1))


def test_two_valleys() -> None:
    """L(w) = (w^2 - 1)^2 between w = -1 and 1: 1 above the line, half way. Beyond the ends it is higher and counts
    for nothing."""
    w = 2 * ALPHAS - 1
    found = of((w**2 - 1) ** 2)
    assert found.height.value == pytest.approx(1, abs=1e-12)
    assert (found.at, found.there, found.straight) == pytest.approx((0.5, 1, 0))


@pytest.mark.parametrize("power", [1, 2])
def test_one_valley_has_none(power: int) -> None:
    """L = w^2 lies below its chord; a straight slope lies on it."""
    found = of((2 * ALPHAS - 1) ** power)
    assert found.none
    assert found.height.value == 0
    assert np.isnan(found.at)


def test_the_slope_between_unequal_ends_is_no_barrier() -> None:
    """Ends 0 and 4, 3 half way: one above the line's 2."""
    found = of(np.interp(ALPHAS, [-0.5, 0, 0.5, 1, 1.5], [0, 0, 3, 4, 9]))
    assert (found.height.value, found.at, found.straight) == pytest.approx((1, 0.5, 2))


def test_the_interval_is_over_images_in_pairs() -> None:
    """Rises 0, 1, 2, 3 of four images at the middle: mean 1.5, deviation sqrt(5 / 3)."""
    values = np.zeros((41, 4))
    values[20] = [0, 1, 2, 3]
    values += np.array([5.0, 0.0, 9.0, 2.0])  # how hard each image is cancels
    found = barrier(ALPHAS, values).height
    assert found.value == pytest.approx(1.5)
    assert found.high - found.value == pytest.approx(1.959964 * np.sqrt(5 / 3) / 2, abs=1e-5)


def test_what_is_not_known_yet_does_not_count() -> None:
    values = np.full((41, 3), np.nan)
    assert np.isnan(barrier(ALPHAS, values).height.value)
    values[10] = values[30] = 0.0
    assert np.isnan(barrier(ALPHAS, values).height.value)  # both ends alone say nothing of what lies between
    values[15] = 0.5
    assert barrier(ALPHAS, values).height.value == 0.5


def test_no_rise_is_known_as_far_as_the_images_tell() -> None:
    """Bonett and Price with n images that all stay right: 1.96 sqrt(2 / (n + 2)) / sqrt(n + 2)."""
    for n in (4, 256):
        found = barrier(ALPHAS, np.zeros((41, n)), share=True)
        assert found.none
        assert (found.height.value, found.height.low) == (0, 0)
        assert found.height.high == pytest.approx(1.959964 * np.sqrt(2) / (n + 2), abs=1e-6)
    worse = np.zeros((41, 4))
    worse[15] = [1, -1, 1, -1]  # no rise at all on the mean, but images that disagree
    high = barrier(ALPHAS, worse, share=True).height.high
    assert high == pytest.approx(1.959964 * np.sqrt(6 / 6) / np.sqrt(6), abs=1e-6)


def test_a_loss_that_is_no_number_is_passed_over() -> None:
    values = np.zeros((41, 3))
    values[18], values[19, 1], values[21] = np.inf, np.nan, 2.0
    found = barrier(ALPHAS, values)
    assert (found.height.value, found.at) == (2.0, 0.55)
