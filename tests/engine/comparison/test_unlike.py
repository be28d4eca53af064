"""How unlike an image is by hand, and the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from engine.comparison.unlike import Learnt, threshold_of, told_apart


def test_by_hand() -> None:
    """The nearest training image counts: cosines of 1, 0.8, 0 and -0.6."""
    learnt = Learnt(np.array([[1.0, 0.0], [0.0, 1.0]], np.float16))
    asked = np.array([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0], [-0.8, -0.6]])
    assert learnt.unlikeness(asked) == pytest.approx([0.0, 0.2, 1.0, 1.6], abs=1e-6)


@pytest.mark.parametrize("count,refused", [(20, 1), (19, 0), (100, 5), (1000, 50), (1, 0)])
def test_at_most_a_twentieth_is_refused(count: int, refused: int) -> None:
    found = threshold_of(np.arange(count, dtype=np.float64))
    assert round(found.rate * count) <= refused
    assert found.n == count
    assert found.rate <= 0.05
    above = round(found.rate * count)
    assert found.threshold == count - 1 - above + (0.5 if above else 0)


def test_how_often_the_unlike_one_is_the_more_unlike_by_hand() -> None:
    """Of 3 x 2 pairs 4 are in order and one is a tie: 4.5 / 6. DeLong: above lie the shares 2/3 and 5/6 with variance
    1/72, below 1, 1 and 1/4 with 3/16: half is 1.96 times the root of 1/144 + 1/16."""
    found = told_apart(np.array([0.1, 0.3, 0.4]), np.array([0.35, 0.4]))
    assert found.value == pytest.approx(4.5 / 6)
    assert (found.low, found.high) == pytest.approx((0.75 - 1.959964 * (10 / 144) ** 0.5, 1.0), abs=1e-5)
    assert found.n == 2
    assert told_apart(np.zeros(3), np.ones(4)).value == 1
    assert told_apart(np.ones(3), np.ones(4)).value == 0.5


def test_monotone_changes_and_exchanged_kinds_leave_the_share() -> None:
    draws = np.random.default_rng(3)
    known, other = draws.normal(size=40), draws.normal(0.7, size=25)
    found, turned = told_apart(known, other), told_apart(-known, -other)
    assert told_apart(np.exp(known), np.exp(other)) == found
    assert turned.value == pytest.approx(1 - found.value)
    brute = np.mean([[one > two for two in known] for one in other])
    assert found.value == pytest.approx(brute)
