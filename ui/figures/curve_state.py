"""What a plot of curves shows, as plain data: its lines, axis, scale and cursor, and the words at a place."""

from __future__ import annotations

import numpy as np

from ui.figures.curve_axes import x_text, y_text
from ui.figures.curve_line import ENDED, CurveLine, nearest_place, reading


class CurveState:
    """given: the lines as the caller gave them, finite. lines: as drawn, smoothed. x_axis: a key of `X_AXES`.
    unit: "number" or "percent" (values are fractions). reach: how far the horizontal axis goes at least."""

    unit = "number"
    x_axis = "step"
    log = False
    weight = 0.0  # of the smoothing, in [0, 1)
    live = False  # drawn fast
    reach = 0.0
    cursor_x: float | None = None

    def __init__(self) -> None:
        self.given: list[CurveLine] = []
        self.lines: list[CurveLine] = []

    def readout(self, x: float) -> tuple[str, list[tuple[str, str]]]:
        """The words at x: the place, and (label, value) of each curve there, always in the order of the curves."""
        places = [place for line in self.lines if (place := nearest_place(line, x)) is not None]
        nearest = min(places, key=lambda place: abs(place - x), default=x)
        found = [(line, value) for line in self.lines if (value := reading(line, nearest)) is not None]
        return x_text(self.x_axis, nearest), [(line.label, self._said(line, value, nearest)) for line, value in found]

    def _said(self, line: CurveLine, value: float | str, x: float) -> str:
        if isinstance(value, str):
            return value if value != ENDED else f"{ENDED} {x_text(self.x_axis, float(line.x[-1]))}"
        words = y_text(value, self.unit)
        if line.counts is not None and len(line.counts):
            n, most = int(line.counts[np.argmin(np.abs(line.x - x))]), int(line.counts.max())
            words += f" ({n} of {most} seeds)" if n < most else ""
        return words
