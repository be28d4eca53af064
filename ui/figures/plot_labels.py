"""Where labels at the ends of curves stand, so that none covers another. Loads no plotting library."""

from __future__ import annotations

import numpy as np


def spread(heights: list[float], gap: float, top: float, bottom: float) -> list[float]:
    """`heights` (falling down the screen, sorted) moved as little as needed to lie `gap` apart in [top, bottom]."""
    if not heights:
        return []
    gap = min(gap, (bottom - top) / len(heights))
    placed = np.clip(np.asarray(heights, float), top + gap / 2, bottom - gap / 2)
    for index in range(1, len(placed)):
        placed[index] = max(placed[index], placed[index - 1] + gap)
    placed[-1] = min(placed[-1], bottom - gap / 2)
    for index in range(len(placed) - 2, -1, -1):
        placed[index] = min(placed[index], placed[index + 1] - gap)
    return list(placed)
