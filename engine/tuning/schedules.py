"""Learning-rate schedules as a factor on the peak rate over the progress of a stage. Torch-free: the form draws them.

Slanted triangular: Howard & Ruder 2018 (ULMFiT, arXiv 1801.06146), cut 0.1, ratio 32. One-cycle: Smith & Topin 2017
(arXiv 1708.07120), with the usual cosine form: up from 1/25 over the first 30 %, then down to 1/250,000; of the rate
alone, without the cycle of the momentum that they run against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

Schedule = Literal["cosine", "constant", "slanted triangular", "one-cycle"]
CUT, RATIO = 0.1, 32.0
WARM_UP, START, END = 0.3, 1 / 25, 1 / 250_000


def cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))


def constant(progress: float) -> float:
    return 1.0


def slanted_triangular(progress: float) -> float:
    part = progress / CUT if progress < CUT else 1 - (progress - CUT) / (1 - CUT)
    return (1 + part * (RATIO - 1)) / RATIO


def one_cycle(progress: float) -> float:
    if progress < WARM_UP:
        return START + (1 - START) * (1 - cosine(progress / WARM_UP))
    return END + (1 - END) * cosine((progress - WARM_UP) / (1 - WARM_UP))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "cosine": cosine,
    "constant": constant,
    "slanted triangular": slanted_triangular,
    "one-cycle": one_cycle,
}


def factor(name: str, progress: float) -> float:
    """Factor on the peak learning rate. progress: 0 at the stage's first step, 1 at its end; beyond is held."""
    return SCHEDULES[name](min(max(progress, 0.0), 1.0))


def preview(name: str, points: int = 101) -> list[float]:
    """The factor at evenly spaced progress from 0 to 1, for drawing."""
    return [factor(name, i / (points - 1)) for i in range(points)]
