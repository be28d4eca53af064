"""What a run's numbers advise: each rule alone, with the numbers and the images that it names."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from engine.comparison.after_training import RunAdvice, lessons
from engine.comparison.examined import ALL, MISSED, Examined
from engine.comparison.intervals import Interval, wilson

SURE = Interval(0.9, 0.89, 0.91, 3000)


def advised(
    counts: list[list[int]], accuracy: Interval = SURE, training: float = nan, validation: float = nan
) -> tuple[RunAdvice, ...]:
    """counts: of the confusion matrix."""
    pairs = [(t, g) for t, row in enumerate(counts) for g, n in enumerate(row) for _ in range(n)]
    truth, guess = np.array(pairs).T
    names = tuple("abcdefgh"[: len(counts)])
    of = Examined(names, np.arange(len(truth)), truth, guess)
    found = lessons(of, accuracy, training, validation)
    for one in found:
        assert one.action
        assert not one.outcome or len(of.places(one.outcome, one.true, one.given))  # it has images
    return found


def test_a_run_without_faults_is_advised_nothing() -> None:
    assert advised([[50, 2], [3, 40]], training=0.95, validation=0.9) == ()


def test_a_class_that_was_never_found_is_named_with_how_sure_that_is() -> None:
    """0 of 10: at most z²/(10 + z²) = 27.8 %."""
    found = next(one for one in advised([[40, 0, 0], [5, 0, 5], [0, 0, 40]]) if "never" in one.words)
    assert found.words == "“b” was never found: 0 of 10 test examples; at most 27.8 % with 95 % confidence."
    assert (found.outcome, found.true) == (MISSED, (1,))
    few = advised([[40, 0], [4, 0]])
    assert not any("never" in one.words for one in few)  # of four images nothing is said


def test_the_pair_with_the_largest_share_is_told_with_wilson_s_interval() -> None:
    """9 of 30 is 30 %; Wilson: 16.7 to 47.9."""
    (found,) = (one for one in advised([[21, 9, 0], [0, 50, 10], [0, 0, 60]]) if "taken for" in one.words)
    assert found.words == "“a” is taken for “b” in 9 of 30 test examples: 30.0 % (16.7 to 47.9)."
    assert (found.outcome, found.true, found.given) == (ALL, (0,), (1,))


def test_uneven_classes_are_told_with_the_mean_of_their_recalls() -> None:
    (found,) = advised([[90, 0], [1, 9]])
    assert "“a” has 90 test examples, “b” 10" in found.words
    assert "95.0 %" in found.words
    assert found.true == (1,)


def test_a_wide_interval_and_a_gap_say_how_wide() -> None:
    few = wilson(36, 40)
    found = advised([[20, 1], [1, 20]], few, training=1.0, validation=0.38)
    assert [one.words.split(":")[0] for one in found] == [
        f"The interval is {100 * (few.high - few.low):.1f} points wide over 40 test examples",
        "At the end 100.0 % of the training examples were right and 38.0 % of the validation examples",
    ]
    assert found[1].words.endswith("a gap of 62.0 points.")


@pytest.mark.parametrize(("training", "validation"), [(nan, 0.5), (1.0, nan), (0.6, 0.9)])
def test_no_gap_is_told_where_there_is_none_or_it_is_not_known(training: float, validation: float) -> None:
    assert advised([[50, 2], [3, 40]], training=training, validation=validation) == ()
