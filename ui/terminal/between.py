"""`between`: the loss on the line between two saved runs, on the plane of three, or around one."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.comparison.wording import number, percent
from engine.errors import InvalidExperiment, StorageError
from engine.events import Preparing
from engine.landscape.asked import USUAL_POINTS, USUAL_SIDE, Kind, Sight, Standpoint
from engine.landscape.barriers import PARTS, LossLine
from engine.landscape.grids import LossPlane
from engine.landscape.words import Noise, barrier_words, distance_words, plane_words, rests_on, trail_words, verdict
from storage.store import RunRow, RunStore
from ui.landscape.sights import noise_of
from ui.terminal.ended_runs import ended_runs
from ui.terminal.output import print_json, print_table, say
from ui.terminal.workspaces import open_workspace

if TYPE_CHECKING:
    from engine.landscape.kept import Landscape

MOST_RUNS = 3
FIGURES = tuple(f"{part} {figure}" for part in PARTS for figure in ("loss", "accuracy"))


def between_from_command_line(chosen: argparse.Namespace) -> int:
    """Raises `ExperimentError`."""
    with RunStore(open_workspace(chosen.workspace)) as store:
        runs = ended_runs(store, chosen.runs)
        wanted, noise = asked(chosen, runs, store), noise_of(runs[0], store)
    found = surveyed(wanted, chosen.device or "cpu", quiet=chosen.json)
    if chosen.csv:
        write_csv(found, Path(chosen.csv))
    if isinstance(found, LossLine):
        (print_line_object if chosen.json else print_line)(found, noise)
    else:
        (print_plane_object if chosen.json else print_plane)(found)
    return 0


def asked(chosen: argparse.Namespace, runs: Sequence[RunRow], store: RunStore) -> Sight:
    """Raises `InvalidExperiment` for runs that make no picture."""
    if len(runs) > MOST_RUNS or (chosen.around and len(runs) > 1):
        most = "one run" if chosen.around else "three runs"
        raise InvalidExperiment(f"At most {most} can be looked at, not {len(runs)}.", "Name fewer.")
    places = tuple(
        Standpoint(store.directory(run), f"run {run.id}", class_names=store.class_names(run.id)) for run in runs
    )
    kind: Kind = "around" if chosen.around else "plane" if len(runs) == MOST_RUNS else "line"
    if kind == "line" and len(runs) == 1:
        places = (Standpoint(places[0].folder, f"the start of run {runs[0].id}", True, places[0].class_names), *places)
    points = chosen.points or (USUAL_POINTS if kind == "line" else USUAL_SIDE)
    return Sight(kind, places, chosen.images, points, not chosen.keep_statistics, chosen.directions)


def surveyed(wanted: Sight, device: str, quiet: bool) -> Landscape:
    """Every point of it; how far it is is told on standard error."""
    from engine.landscape.survey import survey

    found, said = None, 0
    for one in survey(wanted, device):
        if isinstance(one, Preparing):
            continue
        found, share = one, int(10 * one.known.mean())
        if share > said and not quiet:
            said = share
            say(f"{10 * share} % of {one.known.size:,} points", error=True)
    assert found is not None, "a survey gives at least what was kept"
    return found


# What was found


def rows_of(found: Landscape) -> tuple[Sequence[str], Iterable[Sequence[float]]]:
    """Headings and every point: where it is, then loss and accuracy of training and test images."""
    if isinstance(found, LossLine):
        values = [kind(part) for part in PARTS for kind in (found.loss, found.accuracy)]
        return ("alpha", *FIGURES), zip(found.alphas, *values, strict=True)
    grids = [kind[part] for part in PARTS for kind in (found.loss, found.accuracy)]
    return ("x", "y", *FIGURES), (
        (x, y, *(grid[row, column] for grid in grids))
        for row, y in enumerate(found.ys)
        for column, x in enumerate(found.xs)
    )


def write_csv(found: Landscape, path: Path) -> None:
    """Raises `StorageError`."""
    heads, rows = rows_of(found)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([heads, *rows])
    except OSError as error:
        raise StorageError(f"The table {path} cannot be written.", "Choose another file with --csv.") from error


def print_line(line: LossLine, noise: Noise) -> None:
    heads, rows = rows_of(line)
    cells = (
        (number(alpha, 2), *(form(value) for form, value in zip((_loss, percent) * 2, values, strict=True)))
        for alpha, *values in rows
    )
    print_table([f">{head}" for head in heads], cells, f"From {line.titles[0]} (0) to {line.titles[1]} (1)")
    said = (verdict(line, noise), *(barrier_words(line, part) for part in reversed(PARTS)))
    for words in (*said, distance_words(line), rests_on(line)):
        say(words)


def _loss(value: float) -> str:
    return number(value, 3)


def print_plane(plane: LossPlane) -> None:
    for words in filter(None, (plane_words(plane), trail_words(plane), rests_on(plane))):
        say(words)


def print_line_object(line: LossLine, noise: Noise) -> None:
    heads, rows = rows_of(line)
    barriers = {
        f"{part} {figure}": {
            "height": found.height.value, "low": found.height.low, "high": found.height.high, "alpha": found.at,
        }
        for part in PARTS
        for figure, found in (("loss", line.loss_barrier(part)), ("error", line.error_barrier(part)))
    }  # fmt: skip
    print_json({
        "from": line.titles[0], "to": line.titles[1], "points": [dict(zip(heads, row, strict=True)) for row in rows],
        "barriers": barriers, "noise": noise.level, "noise rests on": noise.basis, "verdict": verdict(line, noise),
        "distance": line.distance, "lengths": line.sizes, "rests on": rests_on(line),
    })  # fmt: skip


def print_plane_object(plane: LossPlane) -> None:
    heads, rows = rows_of(plane)
    marked = [
        {
            "title": title,
            "x": x,
            "y": y,
            **{f"{part} {figure}": plane.ends[figure, part][place] for figure, part in plane.ends},
        }
        for place, (title, (x, y)) in enumerate(zip(plane.titles, plane.corners, strict=True))
    ]
    points = [dict(zip(heads, row, strict=True)) for row in rows]
    print_json({"random": plane.random, "marked": marked, "points": points, "rests on": rests_on(plane)})
