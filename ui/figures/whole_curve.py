"""The curve behind a line that is drawn by its outline: all its points, for a closer look and for tables. No Qt."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.comparison.outline import STRETCHES
from ui.growing_curve import GrowingCurve

Across = Callable[[np.ndarray, np.ndarray], np.ndarray]  # steps and times [n] -> x [n], rising
ENOUGH = STRETCHES // 4  # stretches in view that are as good as all points


@dataclass(frozen=True, eq=False)
class Whole:
    """across: where its points lie on the plot's axis."""

    curve: GrowingCurve
    across: Across

    @property
    def count(self) -> int:
        """Points that are numbers."""
        return self.curve.outline.finite

    def x(self, places: np.ndarray | slice) -> np.ndarray:
        """float64 [n] of these points."""
        return self.across(self.curve.steps[places], self.curve.times[places])

    def points(self) -> np.ndarray:
        """Places of the points that are drawn, int64 [n]."""
        return self.curve.outline.points(self.curve.values)

    def smoothed(self, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """x and y, float64 [n], of the averaged curve."""
        places, y = self.curve.outline.smoothed(self.curve.values, weight)
        return self.x(places), y

    def part(self, first: int, last: int, weight: float) -> tuple[np.ndarray, np.ndarray]:
        """Places and averaged values of every number from `first` to before `last`; weight 0: as measured."""
        values = self.curve.values
        if weight:
            return self.curve.outline.part(values, first, last, weight)
        places = first + np.flatnonzero(np.isfinite(values[first:last]))
        return places, values[places]

    def between(self, left: float, right: float) -> tuple[int, int] | None:
        """The first place and the one after the last that are in view with a neighbour on each side, or None where the
        outline is close enough."""

        def x_at(place: int) -> float:
            return float(self.x(slice(place, place + 1))[0])

        n = len(self.curve)
        first = max(0, bisect_left(range(n), left, key=x_at) - 1)
        last = min(n, bisect_right(range(n), right, key=x_at) + 1)
        return (first, last) if last - first < ENOUGH * self.curve.outline.size else None
