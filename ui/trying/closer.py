"""One image or text looked at closely: read again in the background, as it is and as the networks see it. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from engine.data.files.loose import LooseExamples, LooseImages
    from engine.using.answerer import Answerer

SIDE = 512  # pixels of the shorter side that is decoded


@dataclass(frozen=True, slots=True)
class CloseLook:
    """original: uint8 [height, width, 1 or 3]. seen: how it is after preparation, for each kind of it, uint8 [s, s, 1
    or 3], with the titles of the runs that it is for."""

    original: NDArray[np.uint8]
    seen: tuple[tuple[NDArray[np.uint8], tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class CloseText:
    """seen: letters of it that each network reads, with the word pieces that these are at most and its title."""

    text: str
    seen: tuple[tuple[int, int, str], ...]


Looked = CloseLook | CloseText


def look_closely(images: LooseExamples, place: int, networks: Sequence[Answerer], titles: Sequence[str]) -> Looked:
    """Raises `DataError` where it cannot be read (any more)."""
    from engine.data.files.loose import LooseImages

    if isinstance(images, LooseImages):
        return look_at_image(images, place, networks, titles)
    return look_at_text(images.text(place), networks, titles)


def look_at_text(text: str, networks: Sequence[Answerer], titles: Sequence[str]) -> CloseText:
    from engine.using.which_words import read_words

    read = [read_words(text, one.form) for one in networks]
    seen = zip([words[-1][1] if words else 0 for words in read], networks, titles, strict=True)
    return CloseText(text, tuple((letters, one.form.size, title) for letters, one, title in seen))


def look_at_image(images: LooseImages, place: int, networks: Sequence[Answerer], titles: Sequence[str]) -> CloseLook:
    from engine.errors import DataError
    from engine.using.trial import ways_of

    original = images.original(place, SIDE)
    ways = ways_of(networks)
    kinds = list(dict.fromkeys(ways))
    (found,) = images.look([place], kinds)
    if isinstance(found, str):
        raise DataError(f"“{images.name(place)}” cannot be read: {found}.", "Choose another image.")
    of = [tuple(title for title, way in zip(titles, ways, strict=True) if way == kind) for kind in kinds]
    pixels = [np.asarray(one, np.uint8) for one in found.pixels]
    return CloseLook(original, tuple(zip(pixels, of, strict=True)))
