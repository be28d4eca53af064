"""Curves over seeds as one mean with its band, and smoothing that does not lean towards zero at the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from engine.comparison.crossed import ENOUGH_SEEDS
from engine.comparison.intervals import student

Line = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Band:
    """Mean over n curves and its 95 % interval, all float64 [points]; of two curves their range instead, and of one low
    and high equal the mean. counts: curves behind each point, int64 [points]. gaps: x at which one of them is no
    number, float64 [gaps]."""

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: int
    counts: np.ndarray
    gaps: np.ndarray


def band(curves: Sequence[Line]) -> Band:
    """Mean and Student's t interval over seeds, on every x that any curve has since all have begun. Where some end
    before others it goes on with those that remain.

    curves: (x [n], y [n]) each with x rising; between its own points a curve holds its last value, and it is never
    extended beyond its ends. Where one is no number the band has a gap.
    """
    lines = [line for line in map(placed, curves) if line[0].size]
    if not lines:
        empty = np.empty(0)
        return Band(empty, empty, empty, empty, 0, np.empty(0, np.int64), empty)
    grid = np.unique(np.concatenate([x for x, _ in lines]))
    start, end = max(x[0] for x, _ in lines), min(x[-1] for x, _ in lines)
    grid = grid[grid >= start] if start <= end else grid  # every x where some begin only after others have ended
    values = np.stack([held(x, y, grid) for x, y in lines])
    alive = np.stack([(grid >= x[0]) & (grid <= x[-1]) for x, _ in lines])
    keep = np.isfinite(np.where(alive, values, 0.0)).all(axis=0) & alive.any(axis=0)
    counts = alive.sum(axis=0)[keep]
    mean, low, high = summed_up(np.ma.array(values[:, keep], mask=~alive[:, keep]), counts)
    return Band(grid[keep], mean, low, high, len(lines), counts, grid[~keep & alive.any(axis=0)])


def summed_up(values: np.ma.MaskedArray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low and high of values [curves, points], of which counts [points] are there."""
    mean = np.asarray(values.mean(axis=0))
    low, high = np.asarray(values.min(axis=0)), np.asarray(values.max(axis=0))
    for n in np.unique(counts[counts >= ENOUGH_SEEDS]):
        at = counts == n
        half = student(int(n) - 1) * np.asarray(values[:, at].std(axis=0, ddof=1)) / sqrt(n)
        low[at], high[at] = mean[at] - half, mean[at] + half
    return mean, low, high


def placed(line: Line) -> Line:
    """The points of a curve whose x is a number; a y that is none becomes NaN."""
    x, y = np.asarray(line[0], dtype=np.float64), np.array(line[1], dtype=np.float64)
    y[~np.isfinite(y)] = np.nan
    keep = np.isfinite(x)
    return x[keep], y[keep]


def held(x: np.ndarray, y: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """The last value at or before each point of the grid, the first value before it begins."""
    return y[np.maximum(np.searchsorted(x, grid, side="right") - 1, 0)]


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
    """s[i] = weight * s[i-1] + (1 - weight) * y[i], divided by 1 - weight**(i+1)."""
    return accumulated((1 - weight) * y, weight) / (1 - weight ** np.arange(1, y.size + 1))


def accumulated(parts: np.ndarray, weight: float, before: float = 0.0) -> np.ndarray:
    """s[i] = weight * s[i-1] + parts[i], with s[-1] = before: float64 [n]. A doubling scan instead of a loop."""
    total, reach = np.array(parts, dtype=np.float64), 1
    total[:1] += weight * before
    while reach < total.size and weight**reach > 1e-18:
        total[reach:] += weight**reach * total[:-reach].copy()
        reach *= 2
    return total
