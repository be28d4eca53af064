"""Sinusoids: regression tasks that are drawn as they are needed, a curve from a few of its points (Finn et al. 2017).

y = A sin(ω x - φ) with the amplitude A from 0.1 to 5, the phase φ from 0 to π, x from -5 to 5, and ω = 1 or, where the
frequency varies too, from 0.8 to 1.2 (Li et al. 2017). Torch-free: the window draws samples of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TITLE, LICENCE = "Sinusoids", "made by the program"
AMPLITUDES, PHASES, FREQUENCIES, RANGE = (0.1, 5.0), (0.0, float(np.pi)), (0.8, 1.2), (-5.0, 5.0)
TEST_POINTS = 100  # points at which a validation or test curve is asked for
Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sinusoid:
    """One task. support, query: x of the points that are given and of those that are asked for, float64 [k], [n]."""

    amplitude: float
    phase: float
    frequency: float
    support: Points
    query: Points

    def at(self, x: Points) -> Points:
        return self.amplitude * np.sin(self.frequency * x - self.phase)


def draw_sinusoid(rng: np.random.Generator, shot: int, query: int, vary_frequency: bool = False) -> Sinusoid:
    """A new task with `shot` given points and `query` others, uniform over the range."""
    amplitude, phase, frequency, x = draw_curves(rng, 1, shot + query, vary_frequency)
    return Sinusoid(float(amplitude[0]), float(phase[0]), float(frequency[0]), x[0, :shot], x[0, shot:])


def draw_curves(
    rng: np.random.Generator, count: int, points: int, vary_frequency: bool = False
) -> tuple[Points, Points, Points, Points]:
    """Amplitudes, phases and frequencies [count] and x [count, points]: what so many single draws would give."""
    shares = rng.random((count, 3 + points))
    amplitude, phase, frequency = (
        low + (high - low) * shares[:, place] for place, (low, high) in enumerate((AMPLITUDES, PHASES, FREQUENCIES))
    )
    x = RANGE[0] + (RANGE[1] - RANGE[0]) * shares[:, 3:]
    return amplitude, phase, frequency if vary_frequency else np.ones(count), x


def fixed_sinusoids(seed: list[int], count: int, shot: int, vary_frequency: bool = False) -> list[Sinusoid]:
    """The same list for the same seed: what every method is validated or tested on, at 100 points each."""
    rng = np.random.default_rng(seed)
    return [draw_sinusoid(rng, shot, TEST_POINTS, vary_frequency) for _ in range(count)]


def pictures(count: int, side: int, seed: int, vary_frequency: bool = False) -> list[NDArray[np.uint8]]:
    """Curves to look at, bright on dark, uint8 [side, side, 1]; all from -5 to 5 in both directions."""
    rng = np.random.default_rng([seed, 7])
    return [picture(draw_sinusoid(rng, 1, 1, vary_frequency), side) for _ in range(count)]


def picture(curve: Sinusoid, side: int) -> NDArray[np.uint8]:
    """One of them: a pixel is as bright as the line is near, measured across the line."""
    x = np.linspace(*RANGE, side)
    scale = (side - 1) / (RANGE[1] - RANGE[0]) * 0.92
    heights = (side - 1) / 2 - scale * curve.at(x)
    steepness = np.hypot(1.0, np.gradient(heights))
    away = np.abs(np.arange(side)[:, None] - heights[None]) / steepness
    return (255 * np.clip(1.6 - away, 0.0, 1.0)).astype(np.uint8)[:, :, None]


def sentence(vary_frequency: bool) -> str:
    """E.g. "Curves with amplitudes from 0.1 to 5 and phases from 0 to π"."""
    if vary_frequency:
        return "Curves with amplitudes from 0.1 to 5, phases from 0 to π and frequencies from 0.8 to 1.2"
    return "Curves with amplitudes from 0.1 to 5 and phases from 0 to π"
