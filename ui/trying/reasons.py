"""What stands behind one answer: the training images that are most alike, and what part of the image it hangs on. No
Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError, ExperimentError
from ui.trying.lot import Stop, drained
from ui.trying.triable import Key, Triable

if TYPE_CHECKING:
    from engine.data.files.loose import LooseImages
    from engine.data.images import ImageSet
    from engine.using.answerer import Answerer
    from engine.using.nearest import Gallery, NearImage

SHOWN, SIDE, PAINTED = 5, 96, 0.55  # training images; their pixels; how strongly the part is painted
RED = np.array([214.0, 39.0, 40.0])


@dataclass(frozen=True, slots=True)
class AlikeImage:
    """A training image: uint8 [s, s, channels], and what is said of it."""

    pixels: NDArray[np.uint8]
    class_name: str
    words: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """alike: the most alike first. said: what they are, or why there are none. part: what the network saw with the part
    painted over it, uint8 [s, s, 3]. how: it was found, with a caution."""

    alike: tuple[AlikeImage, ...]
    said: str
    part: NDArray[np.uint8]
    how: str


@dataclass
class Galleries:
    """The training images of runs that were asked about."""

    known: dict[Key, tuple[Answerer, Gallery, ImageSet]] = field(default_factory=dict)

    def of(self, run: Triable, network: Answerer, cancelled: Stop) -> tuple[Gallery, ImageSet]:
        """Raises `ExperimentError` where the images cannot be had, `Cancelled`."""
        known = self.known.get(run.key)
        if known is None or known[0] is not network:  # opened again: it may have learnt on
            known = self.known[run.key] = network, *drained(run.gallery(network), lambda _: None, cancelled)
        return known[1:]


def reasons(
    galleries: Galleries, images: LooseImages, place: int, run: Triable, network: Answerer
) -> Callable[[Stop], Reasons]:
    """Of the likeliest class of an image. Raises `DataError` where it cannot be read, `Cancelled`."""

    def find(cancelled: Stop) -> Reasons:
        from engine.using.predictions import stacked
        from engine.using.trial import ways_of
        from engine.using.where_it_looked import CAUTION

        (look,) = images.look([place], ways_of([network]))
        if isinstance(look, str):
            raise DataError(f"“{images.name(place)}” cannot be read: {look}.", "Choose another image.")
        inputs = stacked(look.pixels)
        heat = network.looked(inputs[0], int(network.judge(inputs).probabilities[0].argmax()))
        part = painted(look.pixels[0], heat.heat), f"{heat.how}. {CAUTION}"
        try:
            found, data = galleries.of(run, network, cancelled)
        except ExperimentError as error:
            return Reasons((), str(error), *part)
        (near,) = found.nearest(network.features(inputs), SHOWN)
        return Reasons(tuple(as_shown(one, data) for one in near), f"Most alike {found.words}:", *part)

    return find


def as_shown(one: NearImage, data: ImageSet) -> AlikeImage:
    return AlikeImage(thumbnail(data, one.id), one.class_name, f"{one.name}: likeness {one.likeness:.3f}")


def thumbnail(data: ImageSet, image: int) -> NDArray[np.uint8]:
    """uint8 [s, s, channels]."""
    from engine.data.images import fitted

    return fitted(data.source.image(image, SIDE, data.shown_channels), SIDE, data.shown_channels)


def painted(pixels: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """pixels: uint8 [s, s, 1 or 3]; heat: float [s, s] from 0 to 1. uint8 [s, s, 3], red where it is 1."""
    grey = pixels.astype(np.float64).mean(axis=2, keepdims=True).repeat(3, axis=2)
    share = PAINTED * heat[..., None]
    return np.rint(grey * (1 - share) + RED * share).astype(np.uint8)
