"""Where the axes and lines of parallel coordinates lie, which lines a range lets pass, and which is under the pointer.

No widget: shares of the height, 0 at the bottom and 1 at the top, and pixels from the left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFontMetricsF

from engine.comparison.dimensions import Dimension
from engine.comparison.wording import duration
from ui import theme
from ui.figures.painted_axes import UP, Axis

NONE_BELOW = 26.0  # pixels under the axes where the lines of runs without a value pass
SNAP = 3.0
NEAR = 7.0  # pixels from a line within which the pointer is on it
Ends = tuple[float, float]  # of a range: shares


def axis_of(one: Dimension) -> Axis:
    """From the least to the largest value, or one place for each choice."""
    if one.choices:
        return Axis(0.0, 1.0, choices=one.choices)
    values = [float(value) for value in one.known if not isinstance(value, str)]
    return Axis(min(values), max(values), log=one.log, percent=one.share)


def value_words(one: Dimension, value: object) -> str:
    """A value as the axis says it; "none" where the run has none."""
    if value is None:
        return "none"
    if one.key == "time" and isinstance(value, int | float):
        return duration(float(value))
    return str(value) if one.choices else axis_of(one).words(float(value))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class RunLines:
    """The runs as lines over these dimensions."""

    dimensions: Sequence[Dimension]

    @cached_property
    def axes(self) -> list[Axis]:
        return [axis_of(one) for one in self.dimensions]

    @cached_property
    def heights(self) -> np.ndarray:
        """float64 [runs, axes]: share of the height, NaN where a run has no value."""
        columns = [[np.nan if value is None else axis.share(value) for value in one.values]
                   for one, axis in zip(self.dimensions, self.axes, strict=True)]  # fmt: skip
        return np.asarray(columns, float).T.reshape(-1, len(self.dimensions))

    def ticks(self, place: int, pixels: float) -> list[tuple[float, str]]:
        """(share, words) of round values; of whole numbers only whole ones."""
        one, axis = self.dimensions[place], self.axes[place]
        found = axis.ticks(pixels, UP)
        if one.choices:
            return found
        whole = all(isinstance(value, int) for value in one.known)
        values = [(share, axis.value(share)) for share, _ in found]
        kept = [(share, value) for share, value in values if not whole or abs(value - round(value)) < 1e-6]
        return [(share, value_words(one, round(value) if whole else value)) for share, value in kept]

    def passing(self, ranges: Mapping[str, Ends]) -> np.ndarray:
        """bool [runs]: lies in every range; a run without a value on an axis with a range does not."""
        inside = np.ones(len(self.heights), bool)
        for place, one in enumerate(self.dimensions):
            if one.key in ranges:
                low, high = ranges[one.key]
                with np.errstate(invalid="ignore"):
                    inside &= (self.heights[:, place] >= low - 1e-9) & (self.heights[:, place] <= high + 1e-9)
        return inside

    def words(self, place: int, ends: Ends) -> str:
        """A range in words: "0.001 to 0.01", "LP-FT, MAML"."""
        axis, one = self.axes[place], self.dimensions[place]
        if one.choices:
            return ", ".join(c for c in one.choices if ends[0] <= axis.share(c) <= ends[1]) or "nothing"
        return " to ".join(value_words(one, axis.value(end)) for end in ends)


@dataclass(frozen=True)
class Frame:
    """The rectangle between the names of the axes above and the words of none below, for so many axes."""

    area: QRectF
    axes: int

    def x(self, place: int) -> float:
        return self.area.left() + place * (self.area.width() / max(1, self.axes - 1))

    def y(self, share: float) -> float:
        return self.area.bottom() - share * self.area.height()

    def share(self, y: float) -> float:
        """What lies within a few pixels of an end is the end."""
        found, near = (self.area.bottom() - y) / self.area.height(), SNAP / self.area.height()
        return 0.0 if found < near else 1.0 if found > 1 - near else found

    def axis_at(self, x: float, reach: float) -> int | None:
        """The axis within so many pixels of x."""
        gap = self.area.width() / max(1, self.axes - 1)
        place = round((x - self.area.left()) / gap) if gap else 0
        return place if 0 <= place < self.axes and abs(self.x(place) - x) <= reach else None

    def points(self, heights: np.ndarray) -> np.ndarray:
        """float64 [runs, axes, 2] pixels; where a run has no value its line passes below the axis."""
        shares = np.where(np.isnan(heights), -NONE_BELOW / self.area.height(), heights)
        across = np.array([self.x(place) for place in range(self.axes)])
        return np.stack(np.broadcast_arrays(across, self.area.bottom() - shares * self.area.height()), axis=-1)

    def nearest(self, heights: np.ndarray, x: float, y: float) -> int | None:
        """The run whose line passes nearest to it, if one is near. heights: [runs, axes] of those that count."""
        if not len(heights) or self.axes < 2 or not self.area.left() <= x <= self.area.right():
            return None
        points = self.points(heights)
        gap = self.area.width() / (self.axes - 1)
        left = min(int((x - self.area.left()) / gap), self.axes - 2)
        part = (x - self.x(left)) / gap
        at = points[:, left, 1] * (1 - part) + points[:, left + 1, 1] * part
        best = int(np.argmin(np.abs(at - y)))
        return best if abs(at[best] - y) <= NEAR else None


def frame_in(width: float, height: float, axes: int) -> Frame:
    """Room for two lines of names above, the words of none below, and the words of ticks beside the first and last."""
    line = QFontMetricsF(theme.font("small")).height()
    top = 2 * line + 12
    area = QRectF(56, top, max(40.0, width - 56 - 72), max(40.0, height - top - NONE_BELOW - line))
    return Frame(area, axes)
