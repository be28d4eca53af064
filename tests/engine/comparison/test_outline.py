"""A long curve in few points: its extremes, and its smoothing against a plain loop, however it came to its length."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.outline import FEW, STRETCHES, Outline
from tests.reading import Counting


def plainly(values: np.ndarray, weight: float) -> np.ndarray:
    """TensorBoard's debiased average of what is finite, point by point; NaN where there is no number."""
    total, count, found = 0.0, 0, np.full(len(values), np.nan)
    for place, value in enumerate(values):
        if np.isfinite(value):
            total, count = weight * total + (1 - weight) * value, count + 1
            found[place] = total / (1 - weight**count)
    return found


def noisy(points: int, unknown: int = 0) -> np.ndarray:
    draws = np.random.default_rng(points)
    values = 3 * np.exp(-4 * np.arange(points) / points) + draws.normal(0, 0.4, points)
    values[draws.integers(0, points, unknown)] = np.nan
    return values


@pytest.mark.parametrize("points,unknown", [(1, 0), (7, 2), (FEW - 1, 0), (FEW, 40), (FEW + 1, 0), (50_001, 700)])
@pytest.mark.parametrize("strength", [0.05, 0.6, 0.99])
def test_smoothing_is_that_of_every_point(points: int, unknown: int, strength: float) -> None:
    """strength: per thousandth of the curve, as the plot smooths."""
    values, weight = noisy(points, unknown), strength ** min(1.0, 1000 / points)
    at_once, bit_by_bit, expected = Outline.of(values), Outline(), plainly(values, weight)
    for stop in sorted({1, points // 3, points // 3 + 1, points - 1, points}):
        bit_by_bit.extend(values[:stop])
    for outline in (at_once, bit_by_bit):
        places, smoothed = outline.smoothed(values, weight)
        assert np.allclose(smoothed, expected[places], rtol=0, atol=1e-8)
        assert places[-1] == np.flatnonzero(np.isfinite(values))[-1]
        places, smoothed = outline.part(values, points // 2, points, weight)
        assert np.array_equal(places, points // 2 + np.flatnonzero(np.isfinite(values[points // 2 :])))
        assert np.allclose(smoothed, expected[places], rtol=0, atol=1e-8)


def test_one_stretch_by_hand() -> None:
    """Weight 1/2 of 4, 2, 8: 2, 2, 5 before and 4, 8/3, 40/7 after the division by 1/2, 3/4 and 7/8."""
    places, smoothed = Outline.of(np.array([4.0, 2.0, np.inf, 8.0])).smoothed(np.array([4.0, 2.0, np.inf, 8.0]), 0.5)
    assert places.tolist() == [0, 1, 3]
    assert smoothed == pytest.approx([4, 8 / 3, 40 / 7])


@pytest.mark.parametrize("points", [10, FEW, 3 * FEW + 5, 40 * FEW])
def test_few_points_have_the_extremes_of_each_part_and_of_all(points: int) -> None:
    values = noisy(points, points // 50)
    outline, known = Outline.of(values), np.flatnonzero(np.isfinite(values))
    places = outline.points(values)
    assert len(places) <= 2 * FEW + 4
    assert np.array_equal(places, np.unique(places))
    assert {known[0], known[-1], np.nanargmin(values), np.nanargmax(values)} <= set(places.tolist())
    assert np.isfinite(values[places]).all()
    assert set(outline.gaps.tolist()) <= set(np.flatnonzero(np.isnan(values)).tolist())
    assert min(points // 50, STRETCHES) * 0.9 <= len(outline.gaps) <= FEW
    for stretch in np.array_split(known[: len(outline) * outline.size], max(1, len(outline)))[::97]:
        inside = places[(places >= stretch[0]) & (places <= stretch[-1])]
        assert values[inside].min() == values[stretch].min()
        assert values[inside].max() == values[stretch].max()


def test_equal_values_count_once_and_what_is_no_number_never() -> None:
    values = np.full(5 * FEW, 1.0)
    assert Outline.of(values).points(values)[0] == 0
    nothing = np.full(3 * FEW, np.nan)
    assert len(Outline.of(nothing).points(nothing)) == 0
    assert len(Outline.of(nothing).smoothed(nothing, 0.9)[0]) == 0


def test_news_of_a_long_curve_touches_few_of_its_points() -> None:
    values = noisy(100_000)
    outline = Outline.of(values)
    for more in range(10, 600, 10):
        counted = Counting(np.concatenate([values, noisy(more)]))
        outline.extend(counted)  # type: ignore[arg-type]
        outline.points(counted)  # type: ignore[arg-type]
        outline.smoothed(counted, 0.99)  # type: ignore[arg-type]
        assert counted.touched < 4 * outline.size + 20
