"""Grey values beyond 0..255 (16-bit, 32-bit, float): one scale for all files of a set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDE_MODES = ("I", "F")  # first letters of Pillow's modes of one wide value per pixel
SHARE = 0.001  # of a file's pixels at each end that may be hot, dead or without data
UNHEARD_OF = 1e30  # values beyond it stand for "no data"
WHOLE_TOPS = tuple(float(2**bits - 1) for bits in (8, 10, 12, 14, 16))
REAL_TOPS = (1.0, 255.0, 65535.0)
OVERSHOOT = 0.1  # share of the top by which resampling may go beyond it


@dataclass(frozen=True, slots=True)
class Levels:
    """Lowest and highest grey value that count. whole: integers and not floats, which are scaled apart."""

    low: float
    high: float
    whole: bool


def is_wide(image: Image.Image) -> bool:
    return image.mode.startswith(WIDE_MODES)


def levels(image: Image.Image) -> Levels | None:
    """Of a wide grey image, without its most extreme pixels; None for every other image and for one without numbers."""
    if not is_wide(image):
        return None
    array = np.asarray(image)
    values = array[_known(array)]
    if not values.size:
        return None
    low = np.quantile(values, SHARE, method="higher")
    high = np.quantile(values, 1 - SHARE, method="lower")
    return Levels(float(min(low, high)), float(max(low, high)), bool(np.issubdtype(array.dtype, np.integer)))


def scales(found: Iterable[Levels | None]) -> tuple[Levels, ...]:
    """What stands for black and for white in all integer files and in all float files of a set."""
    known = [one for one in found if one is not None]
    kinds = ([one for one in known if one.whole == whole] for whole in (True, False))
    return tuple(_scale(kind) for kind in kinds if kind)


def _scale(kind: list[Levels]) -> Levels:
    """The usual range that holds all the files (0..1, 8 to 16 bits), else from their lowest to their highest value."""
    low, high, whole = min(one.low for one in kind), max(one.high for one in kind), kind[0].whole
    room, least = (0.0, 0.0) if whole else (OVERSHOOT, 0.25)
    for top in WHOLE_TOPS if whole else REAL_TOPS:
        if low >= -room * top and least * top <= high <= (1 + room) * top:
            return Levels(0.0, top, whole)
    return Levels(low, high, whole)


def eight_bits(image: Image.Image, known: tuple[Levels, ...]) -> Image.Image:
    """Mode L by the set's scale; what is no number becomes black."""
    array = np.asarray(image)
    whole = bool(np.issubdtype(array.dtype, np.integer))
    own = levels(image)
    scale = next((one for one in known if one.whole == whole), None) or _scale([own or Levels(0.0, 1.0, whole)])
    span = (scale.high - scale.low) or 1.0
    values = (np.where(_known(array), array, scale.low).astype(np.float64) - scale.low) * (255 / span)
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def words(known: tuple[Levels, ...]) -> str:
    """ "grey values 0 to 4,095" of a set that has a scale, else ""."""
    ranges = [f"{one.low:,.6g} to {one.high:,.6g}" for one in known]
    return f"grey values {' and '.join(ranges)}" if ranges else ""


def _known(array: NDArray[np.generic]) -> NDArray[np.bool_]:
    if np.issubdtype(array.dtype, np.integer):
        return np.ones(array.shape, dtype=np.bool_)
    return np.isfinite(array) & (np.abs(array) < UNHEARD_OF)
