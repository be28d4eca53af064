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
from engine.data.files.loose import Look, LooseImages
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
    count = min(count, len(features))
    chosen, away = [0], np.linalg.norm(features - features[0], axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(away)))
        away = np.minimum(away, np.linalg.norm(features - features[chosen[-1]], axis=1))
    return np.array(chosen[:count], np.int64)


def features_of(
    network: Answerer, places: Sequence[tuple[LooseImages, int]], cancelled: Cancel | None = None
) -> NDArray[np.float32]:
    """float32 [n, d] of length 1, of images that can be read; those that no longer can be have length 0. Raises
    `Cancelled`."""
    ways, found = ways_of([network]), []
    for start in range(0, len(places), TOGETHER):
        check(cancelled)
        looks = [images.look([place], ways)[0] for images, place in places[start : start + TOGETHER]]
        side = next((one.pixels[0].shape for one in looks if isinstance(one, Look)), (1, 1, 1))
        pixels = [one.pixels[0] if isinstance(one, Look) else np.zeros(side, np.uint8) for one in looks]
        found.append(network.features(stacked(pixels)))
    return unit(np.concatenate(found))
