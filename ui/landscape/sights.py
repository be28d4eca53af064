"""What of the landscape can be seen from one, two or three runs, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.comparison.grouping import one_per_seed
from engine.landscape.asked import USUAL_IMAGES, USUAL_POINTS, USUAL_SIDE, Kind, Sight, Standpoint
from engine.landscape.words import Noise

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore


@dataclass(frozen=True, slots=True)
class Outlook:
    """One entry of the dialog's list. sights: the pictures that it shows beside each other."""

    title: str
    sights: tuple[Sight, ...]

    @property
    def is_line(self) -> bool:
        return self.sights[0].kind == "line"

    def averaged(self, on: bool) -> Outlook:
        """With batch norm's statistics averaged anew at each point, or as they are mixed."""
        return replace(self, sights=tuple(replace(one, averaged=on) for one in self.sights))


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the dialog needs from the database. noise: of seeds of the first run."""

    places: tuple[Standpoint, ...]
    noise: Noise


def read_grounds(rows: Sequence[RunRow]) -> Callable[[RunStore], Grounds]:
    def read(store: RunStore) -> Grounds:
        places = tuple(
            Standpoint(store.directory(row), f"Run {row.id}", class_names=store.class_names(row.id)) for row in rows
        )
        return Grounds(places, noise_of(rows[0], store))

    return read


def noise_of(row: RunRow, store: RunStore) -> Noise:
    """Of the seeds of this run's settings, each once: the same seed run again tells nothing of the noise."""
    alike = [run for run in store.runs() if run.group == row.group and run.test is not None]
    return Noise.of_seeds([run.test.value for run in one_per_seed((run, run, True) for run in alike) if run.test])


def outlooks(places: Sequence[Standpoint]) -> list[Outlook]:
    """Of one run the way from its start and what is around it; of more what lies between them."""
    starts = [replace(place, title=f"start of {place.title.lower()}", start=True) for place in places]
    if len(places) == 1:
        return [line(starts[0], places[0]), around(places)]
    found = [line(one, other) for number, one in enumerate(places) for other in places[number + 1 :]]
    if len(places) == 2:
        return [*found, plane((starts[0], *places)), around(places)]
    return [plane(tuple(places)), *found]


def line(one: Standpoint, other: Standpoint) -> Outlook:
    return Outlook(f"Line: {one.title} to {other.title}", (_sight("line", (one, other), USUAL_POINTS),))


def plane(places: tuple[Standpoint, ...]) -> Outlook:
    titles = ", ".join(place.title for place in places)
    return Outlook(f"Plane: {titles}", (_sight("plane", places, USUAL_SIDE),))


def around(places: Sequence[Standpoint]) -> Outlook:
    """In the same two random directions, drawn for each as long as its own filters."""
    titles = " and ".join(place.title for place in places)
    return Outlook(f"Around {titles}", tuple(_sight("around", (place,), USUAL_SIDE) for place in places))


def _sight(kind: Kind, places: tuple[Standpoint, ...], points: int) -> Sight:
    return Sight(kind, places, USUAL_IMAGES, points)
