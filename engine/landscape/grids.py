"""The loss on a plane of networks. Torch-free."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trail:
    """The way that a run took, seen from a plane. run: its uid. names: of the m places, such as "best epoch". places:
    [m, 2] on the plane; off: [m], how far the network was from it."""

    run: str
    names: tuple[str, ...]
    places: Values
    off: Values


@dataclass(frozen=True, eq=False)
class LossPlane:
    """Networks x along the first axis and y along the second one. random: the axes are random directions, in which each
    filter moves by its own length per unit; else the plane goes through the corners, and units are distances between
    weights. titles, corners: of the marked networks, [k, 2]. xs, ys: [side], rising. loss, accuracy: by part ("train",
    "test"), [side, side], a row for each y, NaN where it is not known yet. ends: the same of the corners themselves,
    by (figure, part), [k]. images: what they are, in words. averaged: batch-norm layers whose statistics are averaged
    at every point."""

    random: bool
    titles: tuple[str, ...]
    corners: Values
    xs: Values
    ys: Values
    loss: Mapping[str, Values]
    accuracy: Mapping[str, Values]
    ends: Mapping[tuple[str, str], Values]
    images: str
    averaged: int
    trails: tuple[Trail, ...] = ()

    @property
    def known(self) -> NDArray[np.bool_]:
        """[side, side]."""
        return np.isfinite(self.accuracy["test"])

    @property
    def done(self) -> bool:
        return bool(self.known.all())

    @property
    def coarse(self) -> bool:
        """Whether all of the plane can be drawn, if coarsely."""
        rows, columns = lattice(self.known)
        return len(rows) > 2 and len(columns) > 2

    def with_point(self, row: int, column: int, of: Mapping[tuple[str, str], float]) -> LossPlane:
        """of: (figure, part) -> its value there."""
        kinds = {"loss": dict(self.loss), "accuracy": dict(self.accuracy)}
        for (figure, part), value in of.items():
            kinds[figure][part] = kinds[figure][part].copy()
            kinds[figure][part][row, column] = value
        return replace(self, loss=kinds["loss"], accuracy=kinds["accuracy"])

    def whole(self, figure: str, part: str) -> Values:
        """[side, side] without gaps: what is not known yet lies between its known neighbours on the coarse grid. Not
        finite where the loss itself is not."""
        values = (self.loss if figure == "loss" else self.accuracy)[part]
        return values if self.done else filled(values, self.known)


def lattice(known: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows and columns of the largest grid of regular steps, of which every point is known; empty without one."""
    side = len(known)
    for step in range(1, side):
        places = np.arange(0, side, step)
        if places[-1] == side - 1 and known[np.ix_(places, places)].all():
            return places, places
    return np.zeros(0, np.intp), np.zeros(0, np.intp)


def filled(values: Values, known: NDArray[np.bool_]) -> Values:
    """[side, side]: known ones as they are, between those of the lattice by straight lines along both axes."""
    rows, columns = lattice(known)
    if not len(rows):
        return values
    every = np.arange(len(values))
    across = np.array([np.interp(every, columns, values[row, columns]) for row in rows])
    between = np.array([np.interp(every, rows, across[:, column]) for column in every]).T
    return np.where(known, values, between)
