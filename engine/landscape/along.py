"""The line between two networks, point by point, the coarse ones first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import sqrt

import numpy as np

from engine.landscape.asked import FROM, TO, Sight, coarse_first
from engine.landscape.barriers import PARTS, LossLine
from engine.landscape.corners import Corner, learnt
from engine.landscape.ground import Ground
from engine.landscape.mixing import difference, dot, mixed
from engine.landscape.surveying import Surveyor


def alphas_of(points: int) -> np.ndarray:
    """[points or two more] from a little before one end to a little beyond the other, with both ends among them."""
    return np.unique(np.round([*np.linspace(FROM, TO, points), 0.0, 1.0], 9))


def begun_line(wanted: Sight, ends: tuple[Corner, Corner], images: Ground, averaged: int) -> LossLine:
    """The line with nothing known of it yet."""
    alphas = alphas_of(wanted.points)
    empty = {part: np.full((len(alphas), len(getattr(images, part))), np.nan) for part in PARTS}
    names = learnt(ends[0].model.network)
    apart = difference(ends[1].state, ends[0].state, names)
    sizes = (sqrt(dot(ends[0].state, ends[0].state, names)), sqrt(dot(ends[1].state, ends[1].state, names)))
    titles = (ends[0].title, ends[1].title)
    return LossLine(titles, alphas, empty, dict(empty), sqrt(dot(apart, apart, names)), sizes, images.words, averaged)


def along(found: LossLine, ends: tuple[Corner, Corner], images: Ground, surveyor: Surveyor) -> Iterator[LossLine]:
    """What is not known of the line yet: the line with one more point each time."""
    last = len(found.alphas) - 1
    first = [int(np.argmin(np.abs(found.alphas - end))) for end in (0.0, 1.0)]
    for place in dict.fromkeys([*first, *coarse_first(last + 1)]):
        if found.known[place]:
            continue
        alpha = float(found.alphas[place])
        surveyor.put(mixed([one.state for one in ends], [1 - alpha, alpha]))
        found = _with(found, place, surveyor, images)
        yield found


def _with(found: LossLine, place: int, surveyor: Surveyor, images: Ground) -> LossLine:
    losses, right = ({part: values.copy() for part, values in kind.items()} for kind in (found.losses, found.right))
    for part in PARTS:
        sounding = surveyor.sound(getattr(images, part))
        losses[part][place], right[part][place] = sounding.losses, sounding.right
    return replace(found, losses=losses, right=right)
