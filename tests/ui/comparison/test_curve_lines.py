"""Curves before they are drawn: axes and their words, smoothing, readout, table, ranges. No window needed."""

import numpy as np
import pytest

from engine.comparison.bands import smooth
from ui.figures.curve_axes import StepScale, clock, time_spacing, x_text, x_tick, y_text
from ui.figures.curve_line import (
    ENDED,
    NO_NUMBER,
    CurveLine,
    bounds,
    finite,
    nearest_place,
    reading,
    smooth_lines,
    table,
    value_at,
    with_gaps,
)


def line(label: str, x: list[float], y: list[float], **more: object) -> CurveLine:
    return CurveLine(label, np.array(x, float), np.array(y, float), **more)


def test_a_step_is_worth_epochs_images_and_seconds() -> None:
    scale, steps, times = StepScale(10, 32), np.array([0, 5, 20]), np.array([0.0, 1.5, 7.0])
    assert scale.positions("step", steps, times).tolist() == [0, 5, 20]
    assert scale.positions("epoch", steps, times).tolist() == [0, 0.5, 2]
    assert scale.positions("examples", steps, times).tolist() == [0, 160, 640]
    assert scale.positions("time", steps, times).tolist() == [0, 1.5, 7]
    assert scale.place(25) == "epoch 2.5"
    assert StepScale(100, 32, has_epochs=False).place(1250) == "step 1,250"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (4.25, "4.2 s"), (45, "45 s"), (59.97, "60 s"), (125, "2:05"), (3725, "1:02:05"), (np.nan, "–")],
)
def test_times_are_said_briefly(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_places_and_values_in_words() -> None:
    assert x_text("step", 1234) == "step 1,234"
    assert x_text("epoch", 3.0) == "epoch 3"
    assert x_text("epoch", 3.25) == "epoch 3.25"
    assert x_text("examples", 12800) == "12,800 examples"
    assert x_tick("step", 20_000, 5_000) == "20k"
    assert x_tick("examples", 2e6, 1e6) == "2M"
    assert y_text(0.8123, "percent") == "81.2 %"
    assert y_text(0.123456, "number") == "0.1235"
    assert y_text(float("nan"), "number") == "–"


def test_time_ticks_are_round() -> None:
    assert time_spacing(60, 4) == 15
    assert time_spacing(7200, 5) == 1800
    assert time_spacing(5 * 86400, 2) == 3 * 86400


def test_points_that_are_not_numbers_are_left_out_and_the_mark_stays_on_its_point() -> None:
    kept = finite(line("a", [0, 1, 2, 3], [1, np.nan, 5, np.inf], best=2))
    assert kept.x.tolist() == [0, 2]
    assert kept.best == 1
    assert finite(line("a", [0, 1], [np.nan, 1], best=0)).best is None


def test_smoothing_is_the_debiased_average_and_keeps_the_measured_values() -> None:
    y = np.random.default_rng(0).normal(size=200)
    smoothed = smooth_lines([line("a", np.arange(200.0), y)], 0.9)[0]
    assert smoothed.raw is not None
    assert np.array_equal(smoothed.raw, y)
    assert np.allclose(smoothed.y, smooth(y, 0.9))
    assert smooth_lines([line("a", [0, 1, 2], [1, 2, 3])], 0.0)[0].raw is None


def test_curves_of_different_density_are_smoothed_over_the_same_stretch() -> None:
    dense = line("training", np.arange(1, 301.0), np.zeros(300))
    sparse = line("validation", np.arange(0, 301, 30.0), np.arange(11.0))
    smoothed = smooth_lines([dense, sparse], 0.9)[1]
    assert np.allclose(smoothed.y, smooth(sparse.y, 0.9**30))


def test_the_readout_is_the_nearest_point() -> None:
    curve = line("a", [0, 10, 20], [1, 2, 3])
    assert value_at(curve, 14) == (10, 2)
    assert value_at(curve, 16) == (20, 3)
    assert value_at(curve, -5) == (0, 1)
    assert value_at(line("a", [], []), 0) is None


def test_a_curve_says_nothing_beyond_its_ends_and_in_its_gaps() -> None:
    short = finite(line("a", [1, 2, 3, 4, 5], [1, 2, np.nan, 4, 5]))
    assert (short.x.tolist(), short.gaps.tolist()) == ([1, 2, 4, 5], [3])
    assert [reading(short, x) for x in (1, 2.2, 3, 5, 6, 92)] == [1, 2, NO_NUMBER, 5, ENDED, ENDED]
    assert reading(line("late", [10, 11], [1, 2]), 3) is None
    assert [reading(line("a stage later", [4, 5, 6], [1, 2, 3]), x) for x in (3, 3.6, 4)] == [None, 1, 1]
    assert reading(line("alone", [2], [7]), 2) == 7
    assert reading(line("alone", [2], [7]), 3) == ENDED
    assert nearest_place(short, 3.2) == 3
    x, y = with_gaps(short, short.y)
    assert x.tolist() == [1, 2, 3, 4, 5]
    assert np.isnan(y).tolist() == [False, False, True, False, False]


def test_a_gap_is_told_in_the_table_and_passed_over_by_smoothing() -> None:
    broken = finite(line("a", [1, 2, 3], [1.0, np.nan, 3.0]))
    values = table([broken, line("b", [1, 4], [5, 6])])[1]
    assert values[:, 0].tolist() == [1, 2, 3, 4]
    assert values[1, 1] == np.inf  # told as "no number"; NaN where there is no point at all
    assert np.isnan(values[3, 1])
    smoothed = smooth_lines([line("a", np.arange(5.0), [1, np.nan, 2, 4, 4])], 0.5)[0]
    assert np.isnan(smoothed.y).tolist() == [False, True, False, False, False]
    assert smoothed.y[3] == pytest.approx(3.0)  # (0.5 · 4 + 0.25 · 2 + 0.125 · 1) / 0.875


def test_the_table_joins_curves_by_x() -> None:
    heads, values = table([line("a", [1, 2], [10, 20]), line("b", [2, 3], [5, 6], low=np.zeros(2), high=np.ones(2))])
    assert heads == ["a", "b", "b, low", "b, high"]
    assert values[:, 0].tolist() == [1, 2, 3]
    assert np.isnan(values[0, 2])
    assert values[1].tolist() == [2, 20, 5, 0, 1]
    assert table([])[1].shape == (0, 1)


def test_bounds_cover_bands_and_leave_zero_out_of_a_log_axis() -> None:
    curve = line("a", [0, 4], [0.5, 2], low=np.array([0.0, 1]), high=np.array([1, 3.0]))
    assert bounds([curve]) == (0, 4, 0, 3)
    assert bounds([curve], log=True) == (0, 4, 0.5, 3)
    assert bounds([line("a", [], [])]) is None
