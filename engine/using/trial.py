"""Several saved networks at work on the same images, read once for all of them; batch by batch, so that memory
does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.artifacts.saved import TOGETHER, SavedModel
from engine.data.files.loose import Look, LooseImages
from engine.data.images import Cancel, check
from engine.using.predictions import Predicts, form_of, stacked

KEPT = 10  # classes of each image, the likeliest first


@dataclass(frozen=True, slots=True)
class Likeliest:
    """What one network says of n images. places: int32 [n, KEPT], the likeliest class first, equal ones in the order of
    the classes; shares: float32 [n, KEPT], their probabilities. -1 and NaN beyond the classes there are, and for an
    image that was not read."""

    places: NDArray[np.int32]
    shares: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AnsweredBatch:
    """Images in their order. small: a JPEG of each; reasons: why it was not read, "" where it was. best: of each
    network."""

    names: tuple[str, ...]
    small: tuple[bytes, ...]
    reasons: tuple[str, ...]
    best: tuple[Likeliest, ...]


def answers(
    models: Sequence[SavedModel], images: LooseImages, first: int = 0, cancelled: Cancel | None = None
) -> Iterator[AnsweredBatch]:
    """In the order of the images from this one on; the next batch is read while one is computed. Raises
    `InvalidExperiment` for a network that has no classes of its own or reads no images, `Cancelled`."""
    ways = [(model.read_as, form_of(model)) for model in models]
    batches = [range(start, min(start + TOGETHER, len(images))) for start in range(first, len(images), TOGETHER)]
    with ThreadPoolExecutor(1, thread_name_prefix="images ahead") as ahead:
        waiting = ahead.submit(images.look, batches[0], ways) if batches else None
        for places, following in zip(batches, [*batches[1:], None], strict=True):
            check(cancelled)
            assert waiting is not None
            found = waiting.result()
            waiting = ahead.submit(images.look, following, ways) if following else None
            yield answered(models, tuple(images.name(place) for place in places), found)


def answered(models: Sequence[SavedModel], names: tuple[str, ...], found: Sequence[Look | str]) -> AnsweredBatch:
    """found: of each image what is seen of it, or why nothing is."""
    small = tuple(one.small if isinstance(one, Look) else b"" for one in found)
    reasons = tuple(one if isinstance(one, str) else "" for one in found)
    best = tuple(best_of(model, found, number) for number, model in enumerate(models))
    return AnsweredBatch(names, small, reasons, best)


def best_of(model: Predicts, found: Sequence[Look | str], number: int) -> Likeliest:
    """number: of this network among the pixels of each look."""
    read = [place for place, one in enumerate(found) if isinstance(one, Look)]
    places, shares = np.full((len(found), KEPT), -1, np.int32), np.full((len(found), KEPT), np.nan, np.float32)
    if read:
        said = model.predict(stacked([one.pixels[number] for one in found if isinstance(one, Look)])).cpu().numpy()
        order = np.argsort(-said, axis=1, kind="stable")[:, :KEPT]
        places[read, : order.shape[1]] = order
        shares[read, : order.shape[1]] = np.take_along_axis(said, order, 1)
    return Likeliest(places, shares)
