"""A curve in memory that is appended to. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.comparison.outline import Outline

if TYPE_CHECKING:
    from engine.work.recorder import SavedCurve


class GrowingCurve:
    """A curve that is appended to; `steps` (int64), `times` (seconds since the start) and `values` are views. Its
    outline grows with it, when it is asked for."""

    def __init__(self) -> None:
        self._steps = np.empty(256, np.int64)
        self._rest = np.empty((2, 256), np.float64)
        self._length = 0
        self._outline = Outline()

    @classmethod
    def of(cls, curve: SavedCurve) -> GrowingCurve:
        """A saved curve, to be gone on with; a growing one as it is."""
        if isinstance(curve, GrowingCurve):
            return curve
        return cls.from_arrays(curve.steps, curve.times, curve.values)

    @classmethod
    def from_arrays(cls, steps: np.ndarray, times: np.ndarray, values: np.ndarray) -> GrowingCurve:
        """The points of three arrays [n]."""
        result = cls()
        result._steps, result._length = np.array(steps, np.int64), len(steps)
        result._rest = np.array([times, values], np.float64)
        return result

    def append(self, step: int, seconds: float, value: float) -> None:
        if self._length == len(self._steps):
            more = max(256, self._length)
            self._steps = np.concatenate([self._steps, np.empty(more, np.int64)])
            self._rest = np.concatenate([self._rest, np.empty((2, more))], axis=1)
        self._steps[self._length] = step
        self._rest[:, self._length] = seconds, value
        self._length += 1

    def __len__(self) -> int:
        return self._length

    @property
    def steps(self) -> np.ndarray:
        return self._steps[: self._length]

    @property
    def times(self) -> np.ndarray:
        return self._rest[0, : self._length]

    @property
    def values(self) -> np.ndarray:
        return self._rest[1, : self._length]

    @property
    def outline(self) -> Outline:
        self._outline.extend(self.values)
        return self._outline
