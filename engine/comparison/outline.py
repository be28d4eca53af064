"""A curve of any length in as many points as can be told apart, kept up as points come, and its smoothing there.

Drawing or smoothing 10^6 points at each news of a run would hold the window up. A curve is therefore kept in stretches
of equally many points: of each its lowest and its highest point, and the moments that an exponential average of any
weight needs of it.
"""

from __future__ import annotations

from functools import cache
from math import comb, factorial, log

import numpy as np

from engine.comparison.bands import accumulated

STRETCHES = 2048  # at least so many once there are as many points, and fewer than twice as many
FEW = 2 * STRETCHES  # a curve of fewer points is kept point by point
MOMENTS = 14  # the series of exp(1.2) is then exact to 1e-10; see `Outline.smoothed`
Points = np.ndarray  # int64 [n], places in the curve


class Outline:
    """Of the values of one curve, which only grows: each call gets all of them, float64 [n].

    What is not finite is in no stretch; `gaps` are places of it, thinned where there are very many.
    """

    def __init__(self) -> None:
        self.size = 1  # points of a stretch
        self.met = self.finite = 0  # points taken in so far, and those of them that are numbers
        self.gaps = np.empty(0, np.int64)
        self._low, self._high, self._end = (np.empty(0, np.int64) for _ in range(3))
        self._moments = np.empty((0, MOMENTS))
        self._rest = np.empty(0, np.int64)  # at the end, not yet a whole stretch
        self._first = np.empty(0, np.int64)  # the first number

    @classmethod
    def of(cls, values: np.ndarray) -> Outline:
        result = cls()
        result.extend(values)
        return result

    def __len__(self) -> int:
        """Whole stretches."""
        return len(self._end)

    def extend(self, values: np.ndarray) -> None:
        """Take in what has come since the last time; the work is in proportion to that."""
        fresh = np.asarray(values[self.met :], float)
        known = np.isfinite(fresh)
        here = np.arange(self.met, len(values))
        self.met, self.finite = len(values), self.finite + int(known.sum())
        self._rest = np.concatenate([self._rest, here[known]])
        self._first = self._first if len(self._first) else self._rest[:1]
        self.gaps = np.concatenate([self.gaps, here[~known]])
        while len(self.gaps) > FEW:
            self.gaps = self.gaps[::2]
        while len(self) + len(self._rest) // self.size >= FEW:
            self._double(values)
        if len(self._rest) >= self.size:
            self._close(values)

    def _close(self, values: np.ndarray) -> None:
        """What makes whole stretches of the rest is one."""
        whole = len(self._rest) // self.size * self.size
        places, self._rest = self._rest[:whole].reshape(-1, self.size), self._rest[whole:]
        found, row = np.asarray(values[places], float), np.arange(len(places))
        self._low = np.concatenate([self._low, places[row, found.argmin(axis=1)]])
        self._high = np.concatenate([self._high, places[row, found.argmax(axis=1)]])
        self._end = np.concatenate([self._end, places[:, -1]])
        self._moments = np.concatenate([self._moments, found @ powers(self.size)])

    def _double(self, values: np.ndarray) -> None:
        """Two stretches become one; an odd one at the end is open again."""
        if len(self) % 2:
            begin = self._end[-2] + 1 if len(self) > 1 else 0
            again = np.arange(begin, self._end[-1] + 1)
            self._rest = np.concatenate([again[np.isfinite(values[again])], self._rest])
        pairs = len(self) // 2 * 2
        first, second = slice(0, pairs, 2), slice(1, pairs, 2)
        self._low = np.where(values[self._low[first]] <= values[self._low[second]],
                             self._low[first], self._low[second])  # fmt: skip
        self._high = np.where(values[self._high[first]] >= values[self._high[second]],
                              self._high[first], self._high[second])  # fmt: skip
        self._end = self._end[second]
        early, late = halves()
        self._moments = self._moments[first] @ early + self._moments[second] @ late
        self.size *= 2

    def points(self, values: np.ndarray) -> Points:
        """The lowest and the highest point of every stretch and of the rest, the first and the last point; rising. The
        lowest and the highest of the whole curve are among them, the first of equal ones."""
        if self.size == 1:
            return self._end
        rest, found = self._rest, values[self._rest]
        ends = (int(found.argmin()), int(found.argmax()), -1) if len(rest) else ()
        last = rest[np.array(ends, np.int64)] if ends else self._end[-1:]
        return np.unique(np.concatenate([self._first, self._low, self._high, last]))

    def smoothed(self, values: np.ndarray, weight: float) -> tuple[Points, np.ndarray]:
        """The last points of the stretches, and there the average that `engine.comparison.bands.average` of all finite
        values has: float64 [n], equal to at least 1e-8 of the values' size while weight^(size / 2) >= 0.3.

        A stretch adds (1 - w) sum_j w^(m-1-j) y_j. With t in (-1, 1) across it w^(m-1-j) is exp(mu t) times a constant,
        mu = -m log(w) / 2; the series of exp(mu t) leaves the sums of t^k y, which do not depend on w.
        """
        total = self._totals(weight)
        places, counts = self._end, self.size * np.arange(1, len(self) + 1)
        if len(self._rest):
            last = accumulated((1 - weight) * values[self._rest], weight, total[-1] if len(total) else 0.0)[-1]
            places, total = np.append(places, self._rest[-1]), np.append(total, last)
            counts = np.append(counts, self.finite)
        return places, total / (1 - weight**counts)

    def _totals(self, weight: float) -> np.ndarray:
        """The average before it is debiased, at the end of every stretch."""
        rate = -log(weight)
        middle = rate * self.size / 2
        series = np.array([middle**k / factorial(k) for k in range(MOMENTS)])
        parts = (1 - weight) * np.exp(rate / 2 - middle) * (self._moments @ series)
        return accumulated(parts, weight**self.size)

    def part(self, values: np.ndarray, first: int, last: int, weight: float) -> tuple[Points, np.ndarray]:
        """Every finite point from `first` to before `last`, and the average of all finite values there: exact, at the
        cost of these points."""
        before = int(np.searchsorted(self._end, first))
        begin = int(self._end[before - 1]) + 1 if before else 0
        places = np.arange(begin, last)
        places = places[np.isfinite(values[begin:last])]
        known = float(self._totals(weight)[before - 1]) if before else 0.0
        total = accumulated((1 - weight) * values[places], weight, known)
        smooth = total / (1 - weight ** (self.size * before + np.arange(1, len(places) + 1)))
        inside = places >= first
        return places[inside], smooth[inside]


@cache
def powers(size: int) -> np.ndarray:
    """t^k of the points of a stretch, t from -1 to 1 across it: float64 [size, MOMENTS]."""
    t = (np.arange(size) + 0.5) * (2 / size) - 1
    return np.stack([t**k for k in range(MOMENTS)], axis=1)


@cache
def halves() -> tuple[np.ndarray, np.ndarray]:
    """From the moments of the first and of the second half to those of both: twice float64 [MOMENTS, MOMENTS]. There t
    is t / 2 - 1/2 and t / 2 + 1/2."""
    early, late = np.zeros((2, MOMENTS, MOMENTS))
    for k in range(MOMENTS):
        for i in range(k + 1):
            late[i, k] = comb(k, i) / 2**k
            early[i, k] = late[i, k] * (-1) ** (k - i)
    return early, late
