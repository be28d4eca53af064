"""A plane of networks, point by point: coarsely all over, then what lies between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.landscape.asked import Sight, coarse_grid
from engine.landscape.barriers import PARTS
from engine.landscape.corners import Corner
from engine.landscape.frames import SPAN, AroundOne, ThroughThree, bounds
from engine.landscape.grids import LossPlane, Trail
from engine.landscape.ground import Ground
from engine.landscape.surveying import Surveyor

FIGURES = ("loss", "accuracy")


def frame_of(wanted: Sight, corners: Sequence[Corner]) -> ThroughThree | AroundOne:
    """Raises `InvalidExperiment` where three networks make no plane."""
    return AroundOne(corners[0], wanted.seed) if wanted.kind == "around" else ThroughThree(corners)


def begun_plane(
    wanted: Sight, frame: ThroughThree | AroundOne, titles: tuple[str, ...], images: Ground, averaged: int,
    trails: tuple[Trail, ...] = (),
) -> LossPlane:  # fmt: skip
    """The plane with nothing known of it yet."""
    across = up = (-SPAN, SPAN)
    if isinstance(frame, ThroughThree):
        across, up = bounds(np.concatenate([frame.places, *(trail.places for trail in trails)]))
    side, random = wanted.points, isinstance(frame, AroundOne)
    empty = {part: np.full((side, side), np.nan) for part in PARTS}
    ends = {(figure, part): np.full(len(titles), np.nan) for figure in FIGURES for part in PARTS}
    xs, ys = np.linspace(*across, side), np.linspace(*up, side)
    return LossPlane(random, titles, frame.places, xs, ys, empty, dict(empty), ends, images.words, averaged, trails)


def across(
    found: LossPlane, frame: ThroughThree | AroundOne, corners: Sequence[Corner], images: Ground, surveyor: Surveyor
) -> Iterator[LossPlane]:
    """What is not known of the plane yet: its corners, then the plane with one more point each time."""
    if not np.isfinite(found.ends["accuracy", "test"]).all():
        found = replace(found, ends=_ends(corners, images, surveyor))
        yield found
    for row, column in coarse_grid(len(found.xs)):
        if not found.known[row, column]:
            surveyor.put(frame.at(float(found.xs[column]), float(found.ys[row])))
            found = found.with_point(row, column, _there(images, surveyor))
            yield found


def _there(images: Ground, surveyor: Surveyor) -> dict[tuple[str, str], float]:
    soundings = {part: surveyor.sound(getattr(images, part)) for part in PARTS}
    return {(figure, part): getattr(one, figure) for part, one in soundings.items() for figure in FIGURES}


def _ends(corners: Sequence[Corner], images: Ground, surveyor: Surveyor) -> dict[tuple[str, str], np.ndarray]:
    rows = []
    for corner in corners:
        surveyor.put(corner.state)
        rows.append(_there(images, surveyor))
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}
