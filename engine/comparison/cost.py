"""What an answer costs: the measured time of an image, parameters, the file of the weights; and which of several runs
are neither slower nor worse than another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.comparison.crossed import ENOUGH_SEEDS
from engine.comparison.intervals import Interval, mean_interval


@dataclass(frozen=True, eq=False)
class RunCost:
    """seconds: float64 [batches], what the network alone took for each batch of `batch` images in the run's test; may
    be empty. parameters, octets: of the network and of its file; 0 where not known. machine: where it was timed, in
    words."""

    seconds: np.ndarray
    batch: int
    parameters: int
    octets: int
    machine: str

    @property
    def milliseconds(self) -> np.ndarray:
        """Of an image, float64 [batches]."""
        return 1000 * self.seconds / max(1, self.batch)


def time_of_image(costs: Sequence[RunCost]) -> Interval | None:
    """Milliseconds of an image: mean over runs with Student's interval over them, of fewer than three runs over all of
    their batches; None where nothing was timed."""
    timed = [cost.milliseconds for cost in costs if len(cost.seconds)]
    if not timed:
        return None
    return mean_interval([one.mean() for one in timed] if len(timed) >= ENOUGH_SEEDS else np.concatenate(timed))


def frontier(points: Sequence[tuple[float, float]]) -> list[bool]:
    """points: (cost, share right). Whether none of the others is at least as cheap and as good, and better in one."""
    return [not any(_beats(other, one) for other in points) for one in points]


def _beats(other: tuple[float, float], one: tuple[float, float]) -> bool:
    return other[0] <= one[0] and other[1] >= one[1] and other != one
