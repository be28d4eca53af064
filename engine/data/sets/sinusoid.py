"""Sinusoids: regression tasks that are drawn as they are needed, a curve from a few of its points (Finn et al. 2017).

y = A sin(ω x - φ) with the amplitude A from 0.1 to 5, the phase φ from 0 to π, x from -5 to 5, and ω = 1 or, where the
frequency varies too, from 0.8 to 1.2 (Li et al. 2017). Torch-free: the window draws samples of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from engine.data.curves import Curves, Points
from engine.data.dataset import DataSet, DatasetInfo
from engine.experiment import DatasetChoice

AMPLITUDES, PHASES, FREQUENCIES, RANGE = (0.1, 5.0), (0.0, float(np.pi)), (0.8, 1.2), (-5.0, 5.0)


class SinusoidChoice(DatasetChoice):
    vary_frequency: bool = Field(
        False,
        title="Frequency varies",
        description="Curves of different frequencies, from 0.8 to 1.2, instead of 1 alone.",
    )


@dataclass(frozen=True, eq=False)
class Sinusoids:
    """amplitude, phase, frequency: float64 [curves]; x: [curves, points]."""

    amplitude: Points
    phase: Points
    frequency: Points
    x: Points

    def at(self, x: Points) -> Points:
        return self.amplitude[:, None] * np.sin(self.frequency[:, None] * x - self.phase[:, None])


def draw(choice: SinusoidChoice, rng: np.random.Generator, count: int, points: int) -> Sinusoids:
    """What so many single draws would give, uniform over the ranges."""
    shares = rng.random((count, 3 + points))
    amplitude, phase, frequency = (
        low + (high - low) * shares[:, place] for place, (low, high) in enumerate((AMPLITUDES, PHASES, FREQUENCIES))
    )
    x = RANGE[0] + (RANGE[1] - RANGE[0]) * shares[:, 3:]
    return Sinusoids(amplitude, phase, frequency if choice.vary_frequency else np.ones(count), x)


def sentence(choice: SinusoidChoice) -> str:
    """E.g. "Curves with amplitudes from 0.1 to 5 and phases from 0 to π"."""
    if choice.vary_frequency:
        return "Curves with amplitudes from 0.1 to 5, phases from 0 to π and frequencies from 0.8 to 1.2"
    return "Curves with amplitudes from 0.1 to 5 and phases from 0 to π"


DATASET = DataSet(
    DatasetInfo(
        "sinusoid", "Sinusoids", "Regression: find a sine curve from a few of its points.",
        licence="made by the program",
    ),
    curves=Curves(draw, sentence, RANGE), Choice=SinusoidChoice, order=3,
)  # fmt: skip
