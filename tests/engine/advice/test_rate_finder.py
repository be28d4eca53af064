"""The learning-rate range test: its rates and smoothing by hand, a real small network, nothing left behind."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

from engine.advice.rate_finder import find_rates
from engine.advice.rate_range import RatePoint, RunningMean, rate_at, suggest
from engine.errors import Cancelled
from engine.events import Preparing
from engine.experiment import DatasetChoice, Experiment, MethodChoice


def experiment(name: str, **values: object) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(name="digits", classes=4, labels_per_class=10),
        method=MethodChoice(name=name, hyperparameters=values),
    )


def test_rates_rise_by_equal_ratios() -> None:
    assert rate_at(0) == pytest.approx(1e-7)
    assert rate_at(99) == pytest.approx(10.0)
    assert rate_at(51) / rate_at(50) == pytest.approx(1e8 ** (1 / 99))


def test_the_running_mean_is_corrected_for_its_start() -> None:
    mean = RunningMean()
    assert mean.add(2.0) == pytest.approx(2.0)
    # by hand: (0.9 · 0.1 · 2 + 0.1 · 4) / (1 - 0.9²) = 0.58 / 0.19
    assert mean.add(4.0) == pytest.approx(3.0526316)


def curve(shape: dict[float, float]) -> list[RatePoint]:
    """Losses by linear interpolation over log10 of the rate between these corners."""
    corners = sorted(shape.items())
    points = []
    for step in range(100):
        at = math.log10(rate_at(step))
        for (left, low), (right, high) in pairwise(corners):
            if left <= at <= right:
                loss = low + (high - low) * (at - left) / (right - left)
        points.append(RatePoint(rate_at(step), loss, loss))
    return points


def test_the_smaller_of_steepest_and_a_tenth_of_the_lowest_is_suggested() -> None:
    # falls slowly from 1e-5, fast from 1e-3 to 1e-2, lowest at 0.1
    found = suggest(curve({-7.1: 2.0, -5: 2.0, -3: 1.8, -2: 0.9, -1: 0.7, 1.1: 6.0}))
    assert found.rate is not None
    assert 1e-3 <= found.rate <= 1e-2
    assert "is lowest at" in found.reason
    # steepest just before the lowest: a tenth of the lowest is smaller
    late = suggest(curve({-7.1: 2.0, -2: 1.9, -1: 0.5, 1.1: 6.0}))
    assert late.rate == pytest.approx(0.01, rel=0.25)


def test_a_loss_that_hardly_falls_suggests_nothing() -> None:
    flat = suggest(curve({-7.1: 2.0, 0: 1.99, 1.1: 9.0}))
    assert flat.rate is None
    assert "hardly falls" in flat.reason
    assert suggest(curve({-7.1: 2.0, 1.1: 1.0})[:8]).rate is None


@pytest.mark.parametrize("name", ["lp_ft", "full_ft", "linear_probe"])
def test_a_real_network_gives_a_usable_rate(name: str, tmp_path: Path) -> None:
    values = {"probe_epochs": 5, "batch_size": 10} if name == "lp_ft" else {"batch_size": 10}
    points = [said for said in find_rates(experiment(name, **values), tmp_path) if isinstance(said, RatePoint)]
    assert points[0].rate == pytest.approx(1e-7)
    assert 30 < len(points) <= 100
    assert all(math.isfinite(point.loss) for point in points)
    if name != "lp_ft":  # a head that is trained already has little left to fall
        assert min(point.smoothed for point in points) < 0.9 * points[0].smoothed
        found = suggest(points)
        assert found.rate is not None
        assert 1e-6 < found.rate < 10
    assert list(tmp_path.iterdir()) == []


def test_the_test_repeats_and_can_be_cancelled(tmp_path: Path) -> None:
    first, again = (list(find_rates(experiment("linear_probe"), tmp_path)) for _ in range(2))
    assert [p for p in first if isinstance(p, RatePoint)] == [p for p in again if isinstance(p, RatePoint)]
    seen: list[Preparing | RatePoint] = []
    with pytest.raises(Cancelled):
        seen.extend(find_rates(experiment("linear_probe"), tmp_path, lambda: True))
