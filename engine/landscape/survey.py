"""What a person asked to see of the landscape: as it was kept, or as far as it is, time after time."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from engine.artifacts.saved import experiment_of, tested_file
from engine.data.sources import load
from engine.errors import ExperimentError
from engine.events import Preparing
from engine.landscape import kept
from engine.landscape.across import across, begun_plane, frame_of
from engine.landscape.along import along, begun_line
from engine.landscape.asked import Sight, Standpoint
from engine.landscape.barriers import LossLine
from engine.landscape.corners import Corner, begun, ended, refuse_unlike
from engine.landscape.frames import ThroughThree
from engine.landscape.grids import LossPlane
from engine.landscape.ground import Ground, ground
from engine.landscape.kept import Landscape
from engine.landscape.surveying import Surveyor
from engine.landscape.trails import trails
from engine.preparation.inputs import reading
from engine.registry import build_method
from engine.using.calibration import digest_of

SAVED_EVERY = 10.0  # seconds


def survey(wanted: Sight, device: str = "cpu") -> Generator[Preparing | Landscape, None, None]:
    """`Preparing`, then what is known so far, time after time; close it to give up: what is known by then is kept
    beside the first run, and the next call goes on from there. Raises `ExperimentError` where there is nothing between
    these, or weights or images cannot be had."""
    file = kept.file_of(wanted.places[0].folder, wanted.key([_weights(place) for place in wanted.places]))
    found, known = kept.read(file), None
    if found is not None:
        yield Preparing("Comparing the data")
        if _of_these_images(wanted.places[0], found[1]):
            known = named(found[0], tuple(place.title for place in wanted.places))
            yield known
    if known is not None and known.done:
        return
    yield Preparing("Opening the networks")
    corners = opened(wanted.places, device)
    refuse_unlike(corners)
    images = yield from ground(corners, wanted.images)
    for part in (images.train, images.test):
        yield from reading(part.inputs, "Reading the data")
    surveyor = Surveyor(corners, images, None if wanted.averaged else frozenset())
    yield from _saved(_found(wanted, known, corners, images, surveyor), images.data, file)


def _of_these_images(place: Standpoint, data: str) -> bool:
    """Whether the run's images have this fingerprint; those that cannot be read gainsay nothing."""
    with suppress(ExperimentError):
        return load(experiment_of(place.folder).dataset).fingerprint == data
    return True


def named(found: Landscape, titles: tuple[str, ...]) -> Landscape:
    """With the titles that its networks have now."""
    return (
        replace(found, titles=(titles[0], titles[1])) if isinstance(found, LossLine) else replace(found, titles=titles)
    )


def _weights(place: Standpoint) -> str:
    try:
        return digest_of(tested_file(place.folder, build_method(experiment_of(place.folder))))
    except OSError:
        return ""


def opened(places: tuple[Standpoint, ...], device: str = "cpu") -> list[Corner]:
    """Raises `ExperimentError` where a run keeps no weights, or what it began with is gone."""
    found = []
    for place in places:
        end = ended(place.folder, place.title, place.class_names, device)
        found.append(begun(end, place.title) if place.start else end)
    return found


def _found(
    wanted: Sight, known: Landscape | None, corners: list[Corner], images: Ground, surveyor: Surveyor
) -> Iterator[Landscape]:
    titles = tuple(corner.title for corner in corners)
    if wanted.kind == "line":
        ends = corners[0], corners[1]
        line = known if isinstance(known, LossLine) else begun_line(wanted, ends, images, len(surveyor.averaged))
        return along(line, ends, images, surveyor)
    frame = frame_of(wanted, corners)
    plane = known if isinstance(known, LossPlane) else None
    if plane is None:
        ways = trails(corners, frame) if isinstance(frame, ThroughThree) else ()
        plane = begun_plane(wanted, frame, titles, images, len(surveyor.averaged), ways)
    return across(plane, frame, corners, images, surveyor)


def _saved(found: Iterator[Landscape], data: str, file: Path) -> Iterator[Landscape]:
    """The same, written now and then and at the end, however that comes. A disk that is full keeps none."""
    last, at = None, time.monotonic()
    try:
        for last in found:
            if time.monotonic() - at > SAVED_EVERY:
                _write(last, data, file)
                at = time.monotonic()
            yield last
    finally:
        if last is not None:
            _write(last, data, file)


def _write(found: Landscape, data: str, file: Path) -> None:
    with suppress(OSError):
        kept.write(found, data, file)
