"""Which part of a plane is seen, and how it is moved and enlarged: arithmetic alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QSizeF

EDGE = 16.0  # pixels that stay free around all points
LEAST_SCALE, MOST_SCALE = 0.25, 400.0  # times the whole


@dataclass(frozen=True, slots=True)
class PartOfPlane:
    """centre: what is seen in the middle. scale: pixels of a unit; both axes have the same."""

    x: float = 0.0
    y: float = 0.0
    scale: float = 1.0

    @classmethod
    def whole(cls, points: np.ndarray, size: QSizeF) -> PartOfPlane:
        """All of the points [n, 2], as large as they fit."""
        if not len(points):
            return cls()
        low, high = points.min(0), points.max(0)
        room = np.array([max(1.0, size.width() - 2 * EDGE), max(1.0, size.height() - 2 * EDGE)])
        scale = float((room / np.maximum(high - low, 1e-9)).min())
        middle = (low + high) / 2
        return cls(float(middle[0]), float(middle[1]), scale)

    def pixels(self, points: np.ndarray, size: QSizeF) -> np.ndarray:
        """Where points [n, 2] are seen, float64 [n, 2]; the second axis goes up."""
        middle = np.array([size.width() / 2, size.height() / 2])
        return (points - (self.x, self.y)) * (self.scale, -self.scale) + middle

    def moved(self, by: QPointF) -> PartOfPlane:
        """by: pixels that what is seen goes to the right and down."""
        return PartOfPlane(self.x - by.x() / self.scale, self.y + by.y() / self.scale, self.scale)

    def zoomed(self, times: float, at: QPointF, size: QSizeF, whole: float) -> PartOfPlane:
        """What lies at a pixel stays there. whole: the scale at which all is seen."""
        scale = min(max(self.scale * times, whole * LEAST_SCALE), whole * MOST_SCALE)
        right, down = at.x() - size.width() / 2, at.y() - size.height() / 2
        change = 1 / self.scale - 1 / scale
        return PartOfPlane(self.x + right * change, self.y - down * change, scale)
