"""What a run needs of files wherever it is worked: its images or texts, the weights that it starts from, and the runs
that these come from."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from engine.backbones import catalog, encoders
from engine.backbones.located import hub_checkpoints
from engine.data import sources
from engine.data.files.tree import met_before
from engine.events import RESUME_FILE
from engine.experiment import DatasetChoice, Experiment
from engine.machine.places import data_home, weights_home

GIVEN = "given"  # below the home of a machine: what a person pointed at, each thing in a folder of its digest
RUNS = "runs"  # there and below the folder of an attempt: the runs that it starts from
CHECKPOINTS = "checkpoints"  # where torchvision keeps what it fetched, wherever that is on a machine
RUN, WEIGHTS = "run:", ".safetensors"


def needed(experiment: Experiment, runs: Path) -> tuple[Experiment, dict[str, Path]]:
    """The experiment with its paths as they are on a machine, and what is to lie there: place -> file here. runs: the
    folder of all runs."""
    found: dict[str, Path] = {}
    choices = [_moved(experiment.dataset, found)]
    tasks = []
    for task in experiment.tasks:
        own = None if task.dataset is None else _moved(task.dataset, found)
        choices += [own] if own else []
        tasks.append(task.model_copy(update={"dataset": own}))
    found.update(_fetched(choices))
    found.update(_sources(experiment, runs))
    found.update(_weights(experiment))
    return experiment.model_copy(update={"dataset": choices[0], "tasks": tuple(tasks)}), found


def _moved(choice: DatasetChoice, found: dict[str, Path]) -> DatasetChoice:
    """The choice with its path as it is there."""
    if choice.path is None:
        return choice
    path = Path(choice.path)
    files = {file.relative_to(path.parent).as_posix(): file for file in _files(path)}
    whole = hashlib.sha256("".join(f"{name}\0{looked_at(file)[1]}\n" for name, file in sorted(files.items())).encode())
    folder = f"{GIVEN}/{whole.hexdigest()[:16]}"
    found.update({f"{folder}/{name}": file for name, file in files.items()})
    return choice.model_copy(update={"path": f"{folder}/{path.name}"})


def _fetched(choices: list[DatasetChoice]) -> Iterator[tuple[str, Path]]:
    """The files of data sets that were fetched here."""
    for choice in choices:
        place = None if choice.path is not None else sources.place(choice.name)
        for file in _files(place) if place is not None else ():
            yield f"datasets/{file.relative_to(data_home()).as_posix()}", file


def _sources(experiment: Experiment, runs: Path) -> Iterator[tuple[str, Path]]:
    """The files of the runs that it names, and of those that they come from all but their weights."""
    met, names = set[str](), set(_named(experiment.model_dump(mode="json")))
    first = True
    while names := names - met:
        met |= names
        for name in sorted(names):
            for file in _files(runs / name):
                if file.name != RESUME_FILE and (first or file.suffix != WEIGHTS):
                    yield f"{RUNS}/{file.relative_to(runs).as_posix()}", file
        names, first = {one for name in names for one in _parents(runs / name)}, False


def _named(told: object) -> Iterator[str]:
    """The runs that stand anywhere in plain data."""
    if isinstance(told, str) and told.startswith(RUN) and told.removeprefix(RUN).isalnum():
        yield told.removeprefix(RUN)
    inner = told.values() if isinstance(told, dict) else told if isinstance(told, list) else ()
    for one in inner:
        yield from _named(one)


def _parents(run: Path) -> set[str]:
    with suppress(OSError, ValueError):
        return set(_named(json.loads((run / "experiment.json").read_text("utf-8"))))
    return set()


def _weights(experiment: Experiment) -> Iterator[tuple[str, Path]]:
    """Published ones and those that a person brought, with what is written of them, where they are not in a package."""
    choice = experiment.backbone
    for file in encoders.files(choice.name):
        yield f"weights/{file.relative_to(weights_home()).as_posix()}", file
    if choice.weights == "random":
        return
    one = next((one for one in catalog.weights(choice.name) if one.name == choice.weights), None)
    if one is None or one.state != "on this machine":
        return
    file = Path(one.file)
    if file.is_relative_to(weights_home()):
        for beside in (file, file.with_suffix(".json")):
            if beside.is_file():
                yield f"weights/{beside.relative_to(weights_home()).as_posix()}", beside
    elif file.parent == hub_checkpoints():
        yield f"{CHECKPOINTS}/{file.name}", file
    else:  # of a snapshot that a hub's library keeps
        published = next(each for each in catalog.backbone(choice.name).published if each.name == one.name)
        yield f"weights/{published.library}/{published.file}", file


def _files(path: Path) -> list[Path]:
    """It, or all below it, behind links to folders as well, which data are read through."""
    if path.is_file():
        return [path]
    found, linked = list[Path](), set[str]()
    for folder, inner, names in os.walk(path, followlinks=True):
        links = {one for one in inner if os.path.islink(os.path.join(folder, one))}
        inner[:] = (one for one in inner if one not in links or not met_before(os.path.join(folder, one), linked))
        found += (file for name in names if (file := Path(folder, name)).is_file())
    return sorted(found)


def looked_at(file: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file; raises `OSError`."""
    seen = file.stat()
    return seen.st_size, _digest(file, seen.st_size, seen.st_mtime_ns)


@lru_cache(maxsize=200_000)
def _digest(file: Path, size: int, stamp: int) -> str:
    """Read once while the file stays as it was."""
    return digest_of(file)


def digest_of(file: Path) -> str:
    """SHA-256 of what is in it; raises `OSError`."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
