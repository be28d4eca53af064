"""How far an order of starts agrees with what was measured: Kendall's tau, its interval, and what luck alone gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, factorial, nan

import numpy as np
from numpy.typing import NDArray

from engine.comparison.intervals import Interval

Values = NDArray[np.float64]
LEAST_STARTS = 4  # below it even a perfect order comes about by luck in more than one of twenty
DRAWS = 2000
LUCK = 0.05


def kendall(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Tau-b of two values for each start, with the 95 % interval of a bootstrap over starts; NaN where one does not
    vary, and no interval below `LEAST_STARTS`. The same values give the same interval."""
    signs = _signs(first), _signs(second)
    n = len(first)
    tau = float(_tau(np.ones((1, n)), *signs)[0])
    if n < LEAST_STARTS or np.isnan(tau):
        return Interval(tau, nan, nan, n)
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), DRAWS).astype(np.float64)
    found = _tau(drawn, *signs)
    low, high = np.percentile(found[~np.isnan(found)], (2.5, 97.5))
    return Interval(tau, float(low), float(high), n)


def _signs(values: Sequence[float]) -> Values:
    """[n, n]: whether one is larger than the other, 0 where they are equal."""
    array = np.asarray(values, np.float64)
    return np.sign(array[:, None] - array)


def _tau(counts: Values, first: Values, second: Values) -> Values:
    """Tau-b of samples that hold each start so many times. counts [draws, n]."""
    agree, one, other = (
        np.einsum("di,ij,dj->d", counts, pairs, counts, optimize=True)
        for pairs in (first * second, first**2, second**2)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        tau: Values = agree / np.sqrt(one * other)
    return tau


def orders(n: int) -> list[int]:
    """How many orders of n things have 0, 1, … pairs turned round."""
    counts = np.array([1], dtype=object)
    for size in range(2, n + 1):
        counts = np.convolve(counts, np.ones(size, dtype=object))
    return [int(count) for count in counts]


def chance(tau: float, n: int) -> float:
    """Share of all orders of n starts, none level, whose tau is at least as far from 0: exact and two-sided."""
    pairs, counts = comb(n, 2), orders(n)
    far = sum(count for turned, count in enumerate(counts) if abs(1 - 2 * turned / pairs) >= abs(tau) - 1e-9)
    return far / factorial(n)


def beyond_luck(n: int) -> float:
    """The smallest tau that at most one of twenty random orders of n starts reaches; infinite where none is."""
    pairs, reached = comb(n, 2), 0
    found = float("inf")
    for turned, count in enumerate(orders(n)):
        reached += count
        if reached > LUCK * factorial(n):
            break
        found = 1 - 2 * turned / pairs
    return found


@dataclass(frozen=True, slots=True)
class Vote:
    """start: what most scores put first. agreeing: how many do, of `asked`."""

    start: str
    agreeing: int
    asked: int


def vote(scores: Mapping[str, Mapping[str, float]], starts: Sequence[str]) -> Vote | None:
    """scores: by score, the value of each start; asked are those that have one of every start. Level starts share a
    first place; of equally many votes the start that comes earlier. None without two starts or a score to ask."""
    asked = [values for values in scores.values() if set(starts) <= set(values)]
    if len(starts) < 2 or not asked:
        return None
    firsts = [max(values[start] for start in starts) for values in asked]
    counts = [sum(values[start] == best for values, best in zip(asked, firsts, strict=True)) for start in starts]
    most = max(counts)
    return Vote(starts[counts.index(most)], most, len(asked))
