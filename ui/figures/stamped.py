"""Thousands of round points as one image, faster than a painter draws them one by one."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import numpy as np
from PySide6.QtGui import QColor, QImage


def stamped(image: np.ndarray, at: np.ndarray, colours: np.ndarray, radius: float) -> None:
    """Put a disc at each place of an image uint8 [height, width, 4], in Qt's order blue, green, red, alpha.

    at: [n, 2], x and y in pixels. colours: uint8 [n, 4]. What comes later lies over what came before.
    """
    height, width = image.shape[:2]
    reach = int(np.ceil(radius))
    places = np.rint(at).astype(np.int64)
    seen = ((places >= reach) & (places < (width - reach, height - reach))).all(1)
    places, colours = places[seen], colours[seen]
    flat, whole = places[:, 1] * width + places[:, 0], image.reshape(-1, 4).view(np.uint32).ravel()
    for share, pixels in _disc(radius):
        drawn = colours.copy()
        drawn[:, 3] = (colours[:, 3] * share).astype(np.uint8)
        words = drawn.view(np.uint32).ravel()
        for down, across in pixels:
            whole[flat + (down * width + across)] = words


@lru_cache(maxsize=32)
def _disc(radius: float) -> tuple[tuple[float, tuple[tuple[int, int], ...]], ...]:
    """(share of a pixel that is covered, (rows down, columns across) of all such), the edge first: it is drawn over."""
    reach = int(np.ceil(radius))
    around = [(down, across) for down in range(-reach, reach + 1) for across in range(-reach, reach + 1)]
    covered = [(min(1.0, radius + 0.5 - float(np.hypot(*place))), *place) for place in around]
    by_share = groupby(sorted(one for one in covered if one[0] > 0), key=itemgetter(0))
    return tuple((share, tuple((down, across) for _, down, across in some)) for share, some in by_share)


def four_bytes(colours: list[QColor]) -> np.ndarray:
    """uint8 [n, 4] in the order of `stamped`."""
    return np.array([(one.blue(), one.green(), one.red(), one.alpha()) for one in colours], np.uint8).reshape(-1, 4)


def as_image(pixels: np.ndarray, ratio: float) -> QImage:
    """ratio: pixels of the device in one of the window. The image keeps no memory of the array."""
    height, width = pixels.shape[:2]
    given = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32)
    found = given.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # as it is painted, often
    found.setDevicePixelRatio(ratio)
    return found
