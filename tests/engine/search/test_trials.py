"""The chosen setting and its uncertainty, against values computed by hand."""

from __future__ import annotations

import math

import pytest

from engine.events import TrialCompleted
from engine.search.trials import best, best_so_far, choose, score


def trial(number: int, *scores: float, state: str = "complete") -> TrialCompleted:
    return TrialCompleted(number, {"learning_rate": 10.0**-number}, scores, state, 1.0)


def test_the_interval_is_students_over_folds() -> None:
    found = score(trial(0, 0.5, 0.6, 0.7))
    assert found.value == pytest.approx(0.6)
    assert found.half == pytest.approx(4.302652729749462 * 0.1 / math.sqrt(3))  # deviation 0.1, two degrees of freedom
    assert not score(trial(0, 0.7)).known


def test_an_interval_of_accuracies_stays_between_0_and_1() -> None:
    found = score(trial(0, 0.9, 0.9, 1.0))  # by hand: 0.9333 ± 4.3027 · 0.057735 / √3 = 0.9333 ± 0.1434
    assert (found.low, found.high) == (pytest.approx(0.9333 - 0.1434, abs=1e-4), 1.0)


def test_two_folds_tell_no_settings_apart() -> None:
    """One degree of freedom: 61.3 ± 12.7 times what the folds differ by reaches from 0 to 100 %."""
    two = choose([trial(0, 0.6, 0.63), trial(1, 0.55, 0.60), trial(2, 0.2, 0.2)])
    assert two is not None
    assert not two.score.known
    assert two.sentence() == (
        "61.5 % over 2 folds, too few to tell it from the 2 other complete settings by more than luck."
    )


def test_leave_one_out_counts_right_answers() -> None:
    found = score(trial(0, 1, 1, 1, 0))
    # Wilson by hand: p 0.75, n 4, z² 3.8415: centre (0.75 + 0.4802) / 1.9604, half 1.96 · √(0.1875/4 + 0.0600) / 1.9604
    assert found.value == 0.75
    assert (found.low, found.high) == (pytest.approx(0.3006, abs=1e-4), pytest.approx(0.9544, abs=1e-4))
    assert score(trial(0, 1, 1, 1, 1)).low == pytest.approx(0.5101, abs=1e-4)  # all right is not certain


def test_the_best_mean_of_the_complete_trials_is_chosen() -> None:
    trials = [
        trial(0, 0.6, 0.7), trial(1, 0.99, state="pruned"), trial(2, 0.8, 0.9), trial(3, 0.9, 0.8),
        trial(4, state="failed"),
    ]  # fmt: skip
    found = best(trials)
    assert found is not None
    assert found.number == 2  # the first of two equals
    assert best_so_far(trials)[0] == pytest.approx(0.65)
    assert best_so_far(trials)[2:] == pytest.approx([0.85, 0.85, 0.85])
    assert math.isnan(best_so_far([trial(0, state="failed")])[0])
    assert best([trials[1], trials[4]]) is None
    assert choose([]) is None


def test_settings_within_the_noise_are_counted() -> None:
    # chosen: 0.9 ± 4.3027 · 0.01 / √3 = 0.9 ± 0.0248
    trials = [trial(0, 0.89, 0.9, 0.91), trial(1, 0.88, 0.88, 0.88), trial(2, 0.8, 0.8, 0.8), trial(3, 0.9, 0.89, 0.9)]
    found = choose(trials)
    assert found is not None
    assert (found.trial.number, found.rivals, found.others) == (0, 2, 3)
    assert found.sentence() == (
        "90.0 % (87.5 to 92.5) over 3 folds. 2 of the 3 other complete settings are as good within the noise."
    )
    alone = choose(trials[:1])
    assert alone is not None
    assert "the only setting" in alone.sentence()
    ahead = choose([trials[0], trials[2]])
    assert ahead is not None
    assert "ahead of the noise" in ahead.sentence()
