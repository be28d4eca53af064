"""What of the landscape a person wants to see. Torch-free."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import InvalidExperiment

USUAL_IMAGES, USUAL_SIDE, USUAL_POINTS = 256, 25, 41
MOST_IMAGES, MOST_SIDE, MOST_POINTS = 5_000, 61, 201
FROM, TO = -0.5, 1.5  # alpha of a line's ends: a little beyond both networks
CORNERS = {"line": 2, "plane": 3, "around": 1}
Kind = Literal["line", "plane", "around"]


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A network that a person names. folder: of a saved run. title: what it is called beside others. start: as the run
    began, else as it was tested. class_names: of a run whose folder does not tell them."""

    folder: Path
    title: str
    start: bool = False
    class_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """A line between two places, the plane through three, or one around a single one in two random directions.

    images: of each kind, at most, that every point is measured on. points: of a line, or along each side of a plane.
    averaged: batch norm's statistics are averaged anew where the places do not share them. seed: of the directions.
    """

    kind: Kind
    places: tuple[Standpoint, ...]
    images: int = USUAL_IMAGES
    points: int = USUAL_POINTS
    averaged: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises `InvalidExperiment` for numbers that make no picture."""
        wanted = CORNERS[self.kind]
        if len(self.places) != wanted:
            raise InvalidExperiment(f"This picture is of {wanted} networks, not {len(self.places)}.", "Choose others.")
        most = MOST_POINTS if self.kind == "line" else MOST_SIDE
        for value, low, high, what in ((self.images, 2, MOST_IMAGES, "examples"), (self.points, 5, most, "points")):
            if not low <= value <= high:
                raise InvalidExperiment(f"{value:,} {what} are asked for.", f"Ask for {low} to {high:,}.", what)

    def key(self, weights: Sequence[str]) -> str:
        """A name for what is found, in which everything is that it depends on. weights: a digest for each place."""
        places = [
            (digest, place.folder.name, place.start) for digest, place in zip(weights, self.places, strict=True)
        ]  # the run says which images are its own: two that only test the same weights may divide theirs otherwise
        said = [self.kind, places, self.images, self.points, self.averaged, self.seed]
        return f"{self.kind}-{hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]}"


def coarse_first(count: int) -> list[int]:
    """0 to count - 1 so that the first few are spread over all of them: every 32nd, then those between, …"""
    return sorted(range(count), key=lambda number: (-(number & -number) if number else -count, number))


def coarse_grid(side: int, coarse: int = 9) -> list[tuple[int, int]]:
    """(row, column) of all points of a grid, about coarse x coarse spread ones first, then from the middle outwards."""
    step, middle = max(1, (side - 1) // (coarse - 1)), (side - 1) / 2
    every = [(row, column) for row in range(side) for column in range(side)]
    first = [at for at in every if at[0] % step == 0 and at[1] % step == 0]
    rest = sorted(set(every) - set(first), key=lambda at: ((at[0] - middle) ** 2 + (at[1] - middle) ** 2, at))
    return [*first, *rest]
