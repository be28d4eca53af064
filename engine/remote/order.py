"""What a machine of a cluster is asked to work: a run as JSON, with what it needs of files by their content."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine.data import sources
from engine.events import RESUME_FILE
from engine.experiment import DatasetChoice, Experiment
from engine.machine.environment import environment
from engine.machine.places import data_home
from engine.work.worker import Job

GIVEN = "given"  # below the home of a machine: what a person pointed at, each thing in a folder of its digest
RUNS = "runs"  # below the folder of an attempt: the runs that it starts from, and its own
RUN = "run:"


@dataclass(frozen=True)
class NeededFile:
    """path: where it is to lie, below the home of the machine, with "/". size: bytes. digest: SHA-256, hexadecimal."""

    path: str
    size: int
    digest: str


@dataclass(frozen=True)
class Order:
    """attempt: from 1, another for each time that the run is begun anew. version: of this program. known: what the run
    was computed by before, as `Formulation.told`. topic: where the machine says what comes."""

    uid: str
    attempt: int
    version: str
    experiment: Mapping[str, Any]
    needs: tuple[NeededFile, ...] = ()
    known: tuple[Mapping[str, Any], ...] = ()
    topic: str = ""

    @property
    def key(self) -> str:
        """Of this attempt, anywhere."""
        return f"{self.uid}-{self.attempt}"

    def told(self) -> str:
        """As JSON; `heard` is the way back."""
        return json.dumps(asdict(self))

    @staticmethod
    def heard(text: str) -> Order:
        told = json.loads(text)
        needs = tuple(NeededFile(**one) for one in told.pop("needs"))
        return Order(**{**told, "needs": needs, "known": tuple(told["known"])})


def version() -> str:
    """Of this program; "" where it runs from its folder."""
    return str(environment()["packages"].get("warmstart", ""))


def other_version(theirs: str) -> tuple[str, str] | None:
    """What is wrong and what to do where the other end has another version of this program, of which the last number
    does not count."""
    own = version()
    if own.split(".")[:2] == theirs.split(".")[:2]:
        return None
    here, there = (one or "from a folder" for one in (own, theirs))
    words = f"{socket.gethostname()} has Warmstart {here}, the other machine {there}."
    return words, "Install the same version on both."


def ordered(job: Job, attempt: int, topic: str) -> tuple[Order, dict[str, Path]]:
    """The order of a job, and where the files that it needs are here, by digest. Reads them once; raises `OSError`."""
    found: dict[str, Path] = {}  # place there -> file here
    experiment = job.experiment
    choices = [_moved(experiment.dataset, found)]
    tasks = []
    for task in experiment.tasks:
        own = None if task.dataset is None else _moved(task.dataset, found)
        choices += [own] if own else []
        tasks.append(task.model_copy(update={"dataset": own}))
    found.update(_fetched(choices))
    found.update(_source(experiment, job.directory.parent))
    there = experiment.model_copy(update={"dataset": choices[0], "tasks": tuple(tasks)})
    needs = tuple(NeededFile(place, *_looked_at(file)) for place, file in sorted(found.items()))
    known = tuple(one.told() for one in job.known)
    order = Order(job.directory.name, attempt, version(), there.model_dump(mode="json"), needs, known, topic)
    return order, {need.digest: found[need.path] for need in needs}


def arrived(experiment: Mapping[str, Any], home: Path, device: str) -> Experiment:
    """The experiment of an order as a machine works it: on its own device, on files below its own home."""
    told = Experiment.model_validate(experiment)
    tasks = tuple(
        task if task.dataset is None else task.model_copy(update={"dataset": _below(task.dataset, home)})
        for task in told.tasks
    )
    return told.model_copy(update={"dataset": _below(told.dataset, home), "tasks": tasks, "device": device})


def returned(there: Experiment, asked: Experiment) -> Experiment:
    """What a machine worked, complete, as it was asked for here."""
    return there.model_copy(update={"dataset": asked.dataset, "tasks": asked.tasks, "device": asked.device})


def _below(choice: DatasetChoice, home: Path) -> DatasetChoice:
    own = choice.path is not None and choice.path.startswith(f"{GIVEN}/")
    return choice.model_copy(update={"path": str(home / choice.path)}) if own and choice.path else choice


def _moved(choice: DatasetChoice, found: dict[str, Path]) -> DatasetChoice:
    """The choice with its path as it is there."""
    if choice.path is None:
        return choice
    path = Path(choice.path)
    files = {file.relative_to(path.parent).as_posix(): file for file in _files(path)}
    whole = hashlib.sha256("".join(f"{name}\0{_looked_at(file)[1]}\n" for name, file in sorted(files.items())).encode())
    folder = f"{GIVEN}/{whole.hexdigest()[:16]}"
    found.update({f"{folder}/{name}": file for name, file in files.items()})
    return choice.model_copy(update={"path": f"{folder}/{path.name}"})


def _fetched(choices: list[DatasetChoice]) -> Iterator[tuple[str, Path]]:
    """The files of data sets that were fetched here."""
    for choice in choices:
        place = None if choice.path is not None else sources.place(choice.name)
        for file in _files(place) if place is not None else ():
            yield f"datasets/{file.relative_to(data_home()).as_posix()}", file


def _source(experiment: Experiment, runs: Path) -> Iterator[tuple[str, Path]]:
    """The files of the run whose weights it starts from."""
    weights = experiment.backbone.weights
    if not weights.startswith(RUN):
        return
    folder = runs / weights.removeprefix(RUN)
    for file in _files(folder):
        if file.name != RESUME_FILE:
            yield f"{RUNS}/{file.relative_to(runs).as_posix()}", file


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _looked_at(file: Path) -> tuple[int, str]:
    seen = file.stat()
    return seen.st_size, _digest(file, seen.st_size, seen.st_mtime_ns)


@lru_cache(maxsize=200_000)
def _digest(file: Path, size: int, stamp: int) -> str:
    """Read once while the file stays as it was."""
    return digest_of(file)


def digest_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
