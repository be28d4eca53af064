"""Tasks that ask for moves: a goal in the plane that nobody tells, only how far each move is from it. Torch-free: the
window draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.experiment import DatasetChoice

Places = NDArray[np.float64]
DOT = 0.05  # radius of the start and of a goal in a picture, in the plane's own unit


@dataclass(frozen=True, slots=True, eq=False)
class Goals:
    """Where such tasks come from. draw: (choice, rng, count) -> new goals float64 [count, 2]. sentence: choice -> what
    they are. span: smallest and largest of both coordinates; every try begins at the origin."""

    draw: Callable[[DatasetChoice, np.random.Generator, int], Places]
    sentence: Callable[[DatasetChoice], str]
    span: tuple[float, float]

    def fixed(self, choice: DatasetChoice, seed: list[int], count: int) -> Places:
        """The same list for the same seed: what every method is validated or tested on."""
        return self.draw(choice, np.random.default_rng(seed), count)

    def pictures(self, choice: DatasetChoice, count: int, side: int) -> list[NDArray[np.uint8]]:
        """Goals to look at, bright on dark, with the start dim in the middle, uint8 [side, side, 1]."""
        found = self.draw(choice, np.random.default_rng([choice.split_seed, 7]), count)
        return [self.picture(goal, side) for goal in found]

    def picture(self, goal: Places, side: int) -> NDArray[np.uint8]:
        across = np.linspace(*self.span, side)
        x, y = np.meshgrid(across, across[::-1])
        pixel = (self.span[1] - self.span[0]) / side
        start, end = (np.clip((DOT - np.hypot(x - at[0], y - at[1])) / pixel + 0.5, 0, 1) for at in ((0.0, 0.0), goal))
        return (255 * np.maximum(0.4 * start, end)).astype(np.uint8)[:, :, None]
