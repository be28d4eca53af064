"""One image looked at closely: read again in the background, as it is and as the networks see it. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.data.files.loose import LooseImages
    from engine.using.answerer import Answerer

SIDE = 512  # pixels of the shorter side that is decoded


@dataclass(frozen=True, slots=True)
class CloseLook:
    """original: uint8 [height, width, 1 or 3]. seen: how it is after preparation, for each kind of it, uint8 [s, s, 1
    or 3], with the titles of the runs that it is for."""

    original: NDArray[np.uint8]
    seen: tuple[tuple[NDArray[np.uint8], tuple[str, ...]], ...]


def look_closely(images: LooseImages, place: int, networks: Sequence[Answerer], titles: Sequence[str]) -> CloseLook:
    """Raises `DataError` where it cannot be read (any more)."""
    from engine.errors import DataError
    from engine.using.trial import ways_of

    original = images.original(place, SIDE)
    ways = ways_of(networks)
    kinds = list(dict.fromkeys(ways))
    (found,) = images.look([place], kinds)
    if isinstance(found, str):
        raise DataError(f"“{images.name(place)}” cannot be read: {found}.", "Choose another image.")
    of = [tuple(title for title, way in zip(titles, ways, strict=True) if way == kind) for kind in kinds]
    return CloseLook(original, tuple(zip(found.pixels, of, strict=True)))
