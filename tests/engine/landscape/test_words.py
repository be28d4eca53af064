"""What is said of a line follows from its figures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.landscape.barriers import LEVEL, LossLine
from engine.landscape.words import Noise, barrier_words, distance_words, rests_on, verdict

ALPHAS = np.array([-0.5, 0.0, 0.5, 1.0, 1.5])


def line(wrong_in_the_middle: int, n: int = 200, averaged: int = 4) -> LossLine:
    """Ends that are right everywhere; so many of n wrong half way, each at a loss of 4."""
    right, losses = np.ones((5, n)), np.zeros((5, n))
    right[2, :wrong_in_the_middle], losses[2, :wrong_in_the_middle] = 0.0, 4.0
    values = {"train": losses, "test": losses}, {"train": right, "test": right}
    return LossLine(("A", "B"), ALPHAS, *values, 3.0, (3.0, 4.0), "200 test images", averaged)


@pytest.mark.parametrize("wrong,begins", [(0, "One basin"), (100, "A barrier"), (6, "Not clear")])
def test_the_verdict_goes_by_the_interval(wrong: int, begins: str) -> None:
    said = verdict(line(wrong), Noise())
    assert said.startswith(begins)
    assert "2.0 points of error (the usual threshold, Frankle et al. 2020)" in said


def test_few_images_that_all_stay_right_are_no_basin() -> None:
    assert verdict(line(0, n=16), Noise()).startswith("Not clear")
    said = barrier_words(line(0), "test")
    assert said.endswith("the error never rises above its own (95 % interval up to 1.4 points).")


def test_noise_of_three_seeds_takes_the_place_of_the_threshold() -> None:
    assert Noise.of_seeds([0.5, 0.9]).level == LEVEL
    noise = Noise.of_seeds([0.5, 0.6, 0.7, float("nan")])
    assert noise.level == pytest.approx(0.1)
    assert "3 seeds of the same settings" in noise.words
    assert verdict(line(6), noise).startswith("One basin")


def test_the_figures_of_a_barrier() -> None:
    said = barrier_words(line(100), "test")
    assert said.startswith(
        "Test examples: at α = 0.5 the loss is 2.00 above the straight line (2.00 against 0.00; 95 %"
    )
    assert "the error is 50.0 points above its own (50.0 % against 0.0 %; 95 % interval" in said
    assert barrier_words(line(0), "train").startswith("Training examples: the loss never rises above")


def test_what_it_rests_on() -> None:
    assert "averaged anew at each point in 4 layers" in rests_on(line(0))
    assert "as they are mixed" in rests_on(line(0, averaged=0))
    assert "about 5 apart" in distance_words(line(0))
