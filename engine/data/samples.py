"""Examples as a person is shown them: pixels of images, texts as they are; nothing else asks which. Torch-free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.data.images import Cancel, ImageSet, images_of
from engine.data.labelled_set import LabelledSet
from engine.data.text_set import TextSet

Picture = NDArray[np.uint8]
Sample: TypeAlias = "Picture | str"
SMALLEST, LARGEST = 28, 96
LONGEST = 12_000  # letters of a text that are shown


def samples_of(
    data: LabelledSet, ids: Sequence[int] | NDArray[np.int64], side: int = 0, cancelled: Cancel | None = None
) -> list[Sample]:
    """Of images uint8 [side, side, channels], of texts the text. side: 0 for that of small pictures. Raises
    `Cancelled`, `DataError`."""
    if isinstance(data, TextSet):
        return [data.texts[int(index)][:LONGEST] for index in ids]
    images = images_of(data)
    return list(images.pixels(ids, side or shown_side(images), images.shown_channels, cancelled=cancelled))


def whole(data: LabelledSet, index: int, side: int) -> Sample:
    """One example to be looked at alone: an image uncut, uint8 [height, width, channels], its shorter side at least
    `side` where it was; a text as long as it is. Raises `DataError`."""
    if isinstance(data, TextSet):
        return data.texts[index]
    images = images_of(data)
    return np.asarray(images.source.image(index, side, images.shown_channels))


def file_of(data: LabelledSet, index: int) -> Path | None:
    """Where the file of an example lies; None in memory, in a zip, and for what is a row of a file."""
    where = getattr(getattr(data, "source", None), "file", None)
    found: Path | None = where(index) if where else None
    return found


def shown_side(data: ImageSet) -> int:
    """Side in pixels at which samples are handed to the window."""
    return max(SMALLEST, min(LARGEST, *data.typical_size))
