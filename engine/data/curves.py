"""Tasks that ask for numbers: a curve, of which a few points are given. Torch-free: the window draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.experiment import DatasetChoice

TEST_POINTS = 100  # points at which a validation or test curve is asked for
SHOWN, DIGITS = 81, 4  # points at which a curve is drawn, and digits after the point
Points = NDArray[np.float64]


class Drawn(Protocol):
    """Several curves and a few of their points, x: float64 [curves, points]."""

    @property
    def x(self) -> Points: ...

    def at(self, x: Points) -> Points:
        """Their values at x, both float64 [curves, n]."""
        ...


@dataclass(frozen=True, eq=False)
class GivenCurve:
    """One task. support, query: x of the points that are given and of those that are asked for, float64 [k], [n]."""

    drawn: Drawn
    support: Points
    query: Points

    def at(self, x: Points) -> Points:
        """float64 [n] -> [n]."""
        return self.drawn.at(x[None])[0]


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Where such tasks come from.

    draw: (choice, rng, curves, points) -> new curves, the same as so many single draws would give. sentence: choice ->
    what they are. span: smallest and largest x.
    """

    draw: Callable[[Any, np.random.Generator, int, int], Drawn]
    sentence: Callable[[Any], str]
    span: tuple[float, float]

    def one(self, choice: DatasetChoice, rng: np.random.Generator, shot: int, query: int) -> GivenCurve:
        """A new task with `shot` given points and `query` others."""
        drawn = self.draw(choice, rng, 1, shot + query)
        return GivenCurve(drawn, drawn.x[0, :shot], drawn.x[0, shot:])

    def fixed(self, choice: DatasetChoice, seed: list[int], count: int, shot: int) -> list[GivenCurve]:
        """The same list for the same seed: what every method is validated or tested on, at 100 points each."""
        rng = np.random.default_rng(seed)
        return [self.one(choice, rng, shot, TEST_POINTS) for _ in range(count)]

    def drawing(self, curve: GivenCurve) -> dict[str, list[float]]:
        """What is drawn of it as JSON: {"x", "truth", "support_x", "support_y"}, four digits each."""
        x = np.linspace(*self.span, SHOWN)
        points = {"x": x, "truth": curve.at(x), "support_x": curve.support, "support_y": curve.at(curve.support)}
        return {name: np.round(values, DIGITS).tolist() for name, values in points.items()}

    def pictures(self, choice: DatasetChoice, count: int, side: int) -> list[NDArray[np.uint8]]:
        """Curves to look at, bright on dark, uint8 [side, side, 1]; as far in both directions."""
        rng = np.random.default_rng([choice.split_seed, 7])
        return [self.picture(self.one(choice, rng, 1, 1), side) for _ in range(count)]

    def picture(self, curve: GivenCurve, side: int) -> NDArray[np.uint8]:
        """One of them: a pixel is as bright as the line is near, measured across the line."""
        x = np.linspace(*self.span, side)
        scale = (side - 1) / (self.span[1] - self.span[0]) * 0.92
        heights = (side - 1) / 2 - scale * curve.at(x)
        steepness = np.hypot(1.0, np.gradient(heights))
        away = np.abs(np.arange(side)[:, None] - heights[None]) / steepness
        return (255 * np.clip(1.6 - away, 0.0, 1.0)).astype(np.uint8)[:, :, None]
