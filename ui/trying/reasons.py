"""What stands behind one answer: the training images or texts that are most alike, and what part or which words it
hangs on. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError, ExperimentError
from ui.trying.lot import Stop, drained
from ui.trying.triable import Key, Triable

if TYPE_CHECKING:
    from engine.data.files.loose import LooseExamples
    from engine.data.images import ImageSet
    from engine.data.labelled_set import LabelledSet, Rows
    from engine.using.answerer import Answerer
    from engine.using.nearest import Gallery, NearImage
    from engine.using.where_it_looked import Heat

SHOWN, SIDE, PAINTED = 5, 96, 0.55  # training images; their pixels; how strongly the part is painted
Weights = tuple[tuple[tuple[int, int], float], ...]  # letters from and to, and 0 to 1
RED = np.array([214.0, 39.0, 40.0])


@dataclass(frozen=True, slots=True)
class AlikeImage:
    """A training image: uint8 [s, s, channels], and what is said of it."""

    pixels: NDArray[np.uint8]
    class_name: str
    words: str


@dataclass(frozen=True, slots=True)
class AlikeText:
    """A training text, and how alike it is."""

    text: str
    class_name: str
    words: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """alike: the most alike first. said: what they are, or why there are none. part: what the network saw with the part
    painted over it, uint8 [s, s, 3]; of a text the letters of its parts, each with 0 to 1. how: it was found, with a
    caution."""

    alike: tuple[AlikeImage, ...] | tuple[AlikeText, ...]
    said: str
    part: NDArray[np.uint8] | Weights
    how: str


@dataclass
class Galleries:
    """The training images of runs that were asked about."""

    known: dict[Key, tuple[Answerer, Gallery, LabelledSet]] = field(default_factory=dict)

    def of(self, run: Triable, network: Answerer, cancelled: Stop) -> tuple[Gallery, LabelledSet]:
        """Raises `ExperimentError` where the images cannot be had, `Cancelled`."""
        known = self.known.get(run.key)
        if known is None or known[0] is not network:  # opened again: it may have learnt on
            known = self.known[run.key] = network, *drained(run.gallery(network), lambda _: None, cancelled)
        return known[1:]


def reasons(
    galleries: Galleries, images: LooseExamples, place: int, run: Triable, network: Answerer
) -> Callable[[Stop], Reasons]:
    """Of the likeliest class of an image or text. Raises `DataError` where it cannot be read, `Cancelled`."""

    def find(cancelled: Stop) -> Reasons:
        from engine.using.predictions import stacked
        from engine.using.trial import ways_of

        (look,) = images.look([place], ways_of([network]))
        if isinstance(look, str):
            raise DataError(f"“{images.name(place)}” cannot be read: {look}.", f"Choose another of the {images.what}.")
        inputs = stacked(look.pixels)
        likeliest = int(network.judge(inputs).probabilities[0].argmax())
        part: tuple[NDArray[np.uint8] | Weights, str]
        if isinstance(look.small, str):
            part = words_of(network, look.small, likeliest)
        else:
            part = looked_at(look.pixels[0], network.looked(inputs[0], likeliest))
        try:
            found, data = galleries.of(run, network, cancelled)
        except ExperimentError as error:
            return Reasons((), str(error), *part)
        (near,) = found.nearest(network.features(inputs), SHOWN)
        return Reasons(as_shown(near, data), f"Most alike {found.words}:", *part)

    return find


def looked_at(pixels: Rows, heat: Heat) -> tuple[NDArray[np.uint8], str]:
    """The part painted over the image, uint8 [s, s, c], and how it was found."""
    from engine.using.where_it_looked import CAUTION

    return painted(np.asarray(pixels, np.uint8), heat.heat), f"{heat.how}. {CAUTION}"


def words_of(network: Answerer, text: str, place: int) -> tuple[Weights, str]:
    from engine.using.which_words import CAUTION, heat_of_words

    found = heat_of_words(network, text, place)
    spoke = found.how if found.heat.any() else "no part of it speaks for the class by itself"
    return tuple(zip(found.spans, map(float, found.heat), strict=True)), f"Marked in the text {spoke}. {CAUTION}"


def as_shown(near: Sequence[NearImage], data: LabelledSet) -> tuple[AlikeImage, ...] | tuple[AlikeText, ...]:
    from engine.data.images import images_of
    from engine.data.text_set import TextSet

    if isinstance(data, TextSet):
        return tuple(
            AlikeText(data.texts[one.id], one.class_name, f"likeness {one.likeness:.3f}, {one.name}") for one in near
        )
    seen = images_of(data)
    return tuple(
        AlikeImage(thumbnail(seen, one.id), one.class_name, f"{one.name}: likeness {one.likeness:.3f}") for one in near
    )


def thumbnail(data: ImageSet, image: int) -> NDArray[np.uint8]:
    """uint8 [s, s, channels]."""
    from engine.data.images import fitted

    return fitted(data.source.image(image, SIDE, data.shown_channels), SIDE, data.shown_channels)


def painted(pixels: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """pixels: uint8 [s, s, 1 or 3]; heat: float [s, s] from 0 to 1. uint8 [s, s, 3], red where it is 1."""
    grey = pixels.astype(np.float64).mean(axis=2, keepdims=True).repeat(3, axis=2)
    share = PAINTED * heat[..., None]
    return np.rint(grey * (1 - share) + RED * share).astype(np.uint8)
