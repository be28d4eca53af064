"""Several saved networks at work on the same images, read once for all of them; batch by batch, so that memory
does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.data.files.loose import Look, LooseExamples
from engine.data.files.read_as import ReadAs
from engine.data.images import Cancel
from engine.preparation.inputs import Normaliser, Preparer
from engine.using.ahead import read_ahead
from engine.using.answerer import Answerer
from engine.using.predictions import stacked

KEPT = 10  # classes of each image, the likeliest first


@dataclass(frozen=True, slots=True)
class Likeliest:
    """What one network says of n images. places: int32 [n, KEPT], the likeliest class first, equal ones in the order of
    the classes; shares: float32 [n, KEPT], their probabilities. -1 and NaN beyond the classes there are, and for an
    image that was not read. unlike: float64 [n], NaN where it is not known; refused: bool [n], it is none of these."""

    places: NDArray[np.int32]
    shares: NDArray[np.float32]
    unlike: NDArray[np.float64]
    refused: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AnsweredBatch:
    """Images or texts in their order. small: a JPEG of each image, each text itself; reasons: why it was not read, ""
    where it was. likeliest: of each network."""

    names: tuple[str, ...]
    small: tuple[bytes | str, ...]
    reasons: tuple[str, ...]
    likeliest: tuple[Likeliest, ...]


def answers(
    networks: Sequence[Answerer], images: LooseExamples, first: int = 0, cancelled: Cancel | None = None,
    last: int | None = None,
) -> Iterator[AnsweredBatch]:  # fmt: skip
    """In the order of the images from `first` on, to before `last` or to their end; the next batch is read while one is
    computed. Raises `InvalidExperiment` for a network that has no classes of its own or reads no images, `Cancelled`.
    """
    ways, end = ways_of(networks), len(images) if last is None else last
    for places, found in read_ahead(lambda places: images.look(places, ways), end, first, cancelled):
        yield answered(networks, tuple(images.name(place) for place in places), found)


def ways_of(networks: Sequence[Answerer]) -> list[tuple[ReadAs, Preparer]]:
    """How each of them reads image files, whatever it scales their bytes to afterwards, or texts; raises
    `InvalidExperiment` where one reads neither."""
    return [(one.read_as, unscaled(one.form)) for one in networks]


def unscaled(form: Preparer) -> Preparer:
    return replace(form, wanted=None) if isinstance(form, Normaliser) else form


def answered(networks: Sequence[Answerer], names: tuple[str, ...], found: Sequence[Look | str]) -> AnsweredBatch:
    """found: of each image what is seen of it, or why nothing is."""
    small = tuple(one.small if isinstance(one, Look) else b"" for one in found)
    reasons = tuple(one if isinstance(one, str) else "" for one in found)
    likeliest = tuple(likeliest_of(network, found, number) for number, network in enumerate(networks))
    return AnsweredBatch(names, small, reasons, likeliest)


def likeliest_of(network: Answerer, found: Sequence[Look | str], number: int) -> Likeliest:
    """number: of this network among the pixels of each look."""
    read, n = [place for place, one in enumerate(found) if isinstance(one, Look)], len(found)
    places, shares = np.full((n, KEPT), -1, np.int32), np.full((n, KEPT), np.nan, np.float32)
    unlike, refused = np.full(n, np.nan), np.zeros(n, bool)
    if read:
        said = network.judge(stacked([one.pixels[number] for one in found if isinstance(one, Look)]))
        order = np.argsort(-said.probabilities, axis=1, kind="stable")[:, :KEPT]
        places[read, : order.shape[1]] = order
        shares[read, : order.shape[1]] = np.take_along_axis(said.probabilities, order, 1)
        if said.unlike is not None and said.refused is not None:
            unlike[read], refused[read] = said.unlike, said.refused
    return Likeliest(places, shares, unlike, refused)
