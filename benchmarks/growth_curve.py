"""A cost over a size, and whether it grows faster than the size does; see `benchmarks.growth`."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

BOUND = 1.2  # exponent; n log n from 10^3 to 10^5 is 1.12
NEGLIGIBLE = 0.002  # seconds at the largest size, below which an exponent says nothing
AT_LEAST, PATIENCE = 0.02, 2.0  # seconds that a size is repeated for; from which on one repeat is enough

Work = Callable[[], object]


@dataclass(frozen=True)
class Curve:
    """title: what is done. over: what grows. begin: (size, an empty folder, what is undone afterwards) -> the work."""

    title: str
    over: str
    sizes: tuple[int, ...]
    begin: Callable[[int, Path, ExitStack], Work]


@dataclass(frozen=True)
class Growth:
    """sizes: those measured. seconds: the fastest at each."""

    curve: Curve
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        return exponent(self.sizes, self.seconds)

    @property
    def verdict(self) -> str:
        if self.seconds[-1] < NEGLIGIBLE:
            return "negligible"
        return "linear or better" if self.exponent <= BOUND else "SUPERLINEAR"


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Slope of log seconds over log sizes by least squares, over the upper half of the sizes or three; 0 of one."""
    half = slice(min(len(sizes) // 2, max(0, len(sizes) - 3)), None)
    x, y = (np.log(np.asarray(values[half], float)) for values in (sizes, seconds))
    return float(np.polyfit(x, y, 1)[0]) if len(x) > 1 else 0.0


def fastest(work: Work, repeats: int, clock: Callable[[], float] = time.process_time) -> float:
    """Seconds of the fastest of at least so many repeats; work that takes long is done once. Garbage is collected
    between repeats, as the window does it between events (`ui.window.garbage`), and not in the middle of the work."""
    found: list[float] = []
    gc.disable()
    try:
        while len(found) < repeats or sum(found) < AT_LEAST:
            begin = clock()
            work()
            found.append(clock() - begin)
            if found[0] > PATIENCE:
                break
            gc.collect()
    finally:
        gc.enable()
    return max(min(found), 1e-7)


def measure(curve: Curve, sizes: Sequence[int], repeats: int, clock: Callable[[], float] = time.process_time) -> Growth:
    """The curve at each of these sizes."""
    seconds = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as after:
            seconds.append(fastest(curve.begin(size, Path(folder), after), repeats, clock))
    return Growth(curve, tuple(sizes), tuple(seconds))
