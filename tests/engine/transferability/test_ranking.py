"""Kendall's tau, its interval, what luck gives, and how many scores agree."""

from __future__ import annotations

from itertools import permutations
from math import inf, isnan

import numpy as np
import pytest
from scipy.stats import kendalltau

from engine.transferability.ranking import beyond_luck, chance, kendall, orders, vote


def test_tau_by_hand() -> None:
    """Six starts: two neighbours turned round, 13 pairs right and 2 wrong; level ones as tau-b has them."""
    assert kendall([1, 2, 3, 4, 5, 6], [2, 1, 3, 4, 6, 5]).value == pytest.approx(11 / 15)
    assert kendall([1, 2, 3, 4], [4, 3, 2, 1]).value == pytest.approx(-1)
    assert kendall([1, 1, 2, 3], [1, 2, 2, 3]).value == pytest.approx(4 / 5)
    assert isnan(kendall([1, 1, 1, 1], [1, 2, 3, 4]).value)


def test_tau_is_scipys() -> None:
    draws = np.random.default_rng(0)
    for n in range(2, 12):
        first, second = draws.integers(0, 6, n).tolist(), draws.normal(size=n).tolist()
        if len(set(first)) > 1:
            assert kendall(first, second).value == pytest.approx(kendalltau(first, second).statistic)


def test_the_interval_holds_tau_and_is_the_same_twice() -> None:
    draws = np.random.default_rng(1)
    first = draws.normal(size=9)
    second = first + draws.normal(size=9)
    found = kendall(list(first), list(second))
    assert found.known
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found == kendall(list(first), list(second))
    assert not kendall([1, 2, 3], [1, 2, 3]).known


def test_the_interval_narrows_with_more_starts() -> None:
    draws = np.random.default_rng(2)
    first = draws.normal(size=60)
    second = first + draws.normal(size=60)
    few, many = kendall(list(first[:8]), list(second[:8])), kendall(list(first), list(second))
    assert many.half < few.half / 2


def test_the_chance_of_a_tau_is_exact() -> None:
    assert chance(11 / 15, 6) == pytest.approx(0.0556, abs=5e-5)
    assert chance(13 / 15, 6) == pytest.approx(0.0167, abs=5e-5)
    taus = [kendalltau(range(5), order).statistic for order in permutations(range(5))]
    for tau in (0.2, 0.4, 0.8, 1.0):
        assert chance(tau, 5) == pytest.approx(np.mean(np.abs(taus) >= tau - 1e-9))
    assert orders(4) == [1, 3, 5, 6, 5, 3, 1]


@pytest.mark.parametrize("n,tau", [(2, inf), (3, inf), (4, 1.0), (5, 0.8), (6, 11 / 15), (8, 4 / 7)])
def test_from_where_on_it_is_no_luck(n: int, tau: float) -> None:
    """At most one of twenty orders reaches it: of four starts only the perfect one, 1 of 24."""
    assert beyond_luck(n) == pytest.approx(tau)
    if n <= 6 and tau < inf:
        taus = np.array([kendalltau(range(n), order).statistic for order in permutations(range(n))])
        assert np.mean(taus >= tau - 1e-9) <= 0.05 < np.mean(taus >= tau - 2 / (n * (n - 1) / 2) - 1e-9)


def test_votes_are_of_the_scores_that_know_every_start() -> None:
    scores = {
        "knn": {"a": 0.5, "b": 0.9, "c": 0.1}, "logme": {"a": 3.0, "b": 2.0, "c": 1.0},
        "gbc": {"a": -3.0, "b": -1.0, "c": -1.0}, "leep": {"a": 0.0},
    }  # fmt: skip
    found = vote(scores, ["a", "b", "c"])
    assert found is not None
    assert (found.start, found.agreeing, found.asked) == ("b", 2, 3)
    assert vote(scores, ["a"]) is None
    assert vote({"leep": {"a": 0.0}}, ["a", "b"]) is None
