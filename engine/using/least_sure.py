"""Which images a person should label next: those that a network is least sure of, and among them no two alike.

Images of the smallest margin (likeliest class minus the second; Scheffer et al. 2001), a few times as many as are
wanted, and of these the ones that lie farthest from each other in the network's features (greedy k-centre, Sener and
Savarese 2018, arXiv 1708.00489), beginning with the least sure one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.artifacts.saved import TOGETHER
from engine.data.files.loose import Look, LooseExamples
from engine.data.images import Cancel, check
from engine.heads.nearest_mean import unit
from engine.using.answerer import Answerer
from engine.using.predictions import stacked
from engine.using.trial import ways_of

POOL = 5  # times as many as are wanted


def smallest_margins(shares: NDArray[np.float32], among: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """shares: float32 [images, k], the likeliest first. The `count` of `among` whose two likeliest classes are
    nearest to each other, the nearest first."""
    second = np.nan_to_num(shares[among, 1]) if shares.shape[1] > 1 else 0.0
    return among[np.argsort(shares[among, 0] - second, kind="stable")[:count]]


def farthest_first(features: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Places in features [n, d]: the first, then again and again the one farthest from all chosen; equal ones in their
    order."""
    chosen, away = list[int](), np.full(len(features), np.inf)
    while len(chosen) < min(count, len(features)):
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(features - features[chosen[-1]], axis=1))
        away[chosen] = -1.0  # copies of a chosen one are as near as it is itself, which is not asked for again
    return np.array(chosen, np.int64)


def features_of(
    network: Answerer, places: Sequence[tuple[LooseExamples, int]], cancelled: Cancel | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Which of these images can still be read, int64 [n], and their features, float32 [n, d] of length 1. Raises
    `Cancelled`."""
    ways, read, found = ways_of([network]), list[int](), []
    for start in range(0, len(places), TOGETHER):
        check(cancelled)
        looks = [images.look([place], ways)[0] for images, place in places[start : start + TOGETHER]]
        pixels = {start + at: one.pixels[0] for at, one in enumerate(looks) if isinstance(one, Look)}
        if pixels:
            read += pixels
            found.append(network.features(stacked([*pixels.values()])))
    return np.array(read, np.int64), unit(np.concatenate(found)) if found else np.zeros((0, 1), np.float32)
