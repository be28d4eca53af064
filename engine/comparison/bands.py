"""Curves over seeds as one mean with its band, and smoothing that does not lean towards zero at the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from engine.comparison.intervals import student

Line = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Band:
    """Mean over n curves and its 95 % interval, all float64 [points]; low and high equal the mean when n is 1."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: int


def band(curves: Sequence[Line]) -> Band:
    """Mean and Student's t interval over seeds, on every x that any curve has and all curves reach.

    curves: (x [n], y [n]) each with x rising; between its own points a curve holds its last value, and it is never
    extended beyond its ends. Values that are not finite are left out.
    """
    lines = [line for line in map(finite, curves) if line[0].size]
    if not lines:
        empty = np.empty(0)
        return Band(empty, empty, empty, empty, 0)
    grid = shared_grid([x for x, _ in lines])
    values = np.stack([held(x, y, grid) for x, y in lines])
    mean = values.mean(axis=0)
    if len(lines) == 1 or not grid.size:
        return Band(grid, mean, mean, mean, len(lines))
    half = student(len(lines) - 1) * values.std(axis=0, ddof=1) / sqrt(len(lines))
    return Band(grid, mean, mean - half, mean + half, len(lines))


def finite(line: Line) -> Line:
    """The points of a curve whose x and y are both numbers."""
    x, y = np.asarray(line[0], dtype=np.float64), np.asarray(line[1], dtype=np.float64)
    keep = np.isfinite(x) & np.isfinite(y)
    return x[keep], y[keep]


def shared_grid(axes: Sequence[np.ndarray]) -> np.ndarray:
    """Every x of any curve between the latest start and the earliest end."""
    grid = np.unique(np.concatenate(axes))
    start, end = max(x[0] for x in axes), min(x[-1] for x in axes)
    return grid[(grid >= start) & (grid <= end)]


def held(x: np.ndarray, y: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The last value at or before each point of the grid."""
    return y[np.searchsorted(x, grid, side="right") - 1]


def smooth(y: np.ndarray, weight: float) -> np.ndarray:
    """Debiased exponential moving average of y [n]: as TensorBoard draws it. weight in [0, 1): 0 changes nothing.

    Values that are not finite stay as they are and do not touch their neighbours.
    """
    if not 0 <= weight < 1:
        raise ValueError("The smoothing weight lies between 0 and 1.")
    result = np.array(y, dtype=np.float64)
    if weight == 0:
        return result
    keep = np.isfinite(result)
    result[keep] = average(result[keep], weight)
    return result


def average(y: np.ndarray, weight: float) -> np.ndarray:
    """s[i] = weight * s[i-1] + (1 - weight) * y[i], divided by 1 - weight**(i+1); a doubling scan instead of a loop."""
    total, reach = (1 - weight) * y, 1
    while reach < y.size and weight**reach > 1e-18:
        total[reach:] += weight**reach * total[:-reach].copy()
        reach *= 2
    return total / (1 - weight ** np.arange(1, y.size + 1))
