"""What a machine of a cluster is asked to work: a run as JSON, with what it needs of files by their content."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ExperimentError
from engine.experiment import DatasetChoice, Experiment
from engine.machine.environment import environment
from engine.remote.needed import GIVEN, looked_at, needed
from engine.work.worker import Job


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
        return json.dumps({**vars(self), "needs": [vars(one) for one in self.needs]})

    @staticmethod
    def heard(text: str) -> Order:
        told = json.loads(text)
        needs = tuple(NeededFile(**one) for one in told.pop("needs"))
        return Order(**{**told, "needs": needs, "known": tuple(told["known"])})


def version() -> str:
    """Of this program; "" where it runs from its folder."""
    return str(environment()["packages"].get("warmstart", ""))


def other_version(theirs: str) -> tuple[str, str] | None:
    """What is wrong and what to do where the other end has another version of this program, also where only the last
    number differs: what both say to each other may, and the figures of one study are of one program."""
    if (own := version()) == theirs:
        return None
    here, there = (one or "from a folder" for one in (own, theirs))
    words = f"{socket.gethostname()} has Warmstart {here}, the other machine {there}."
    return words, "Install the same version on both."


def ordered(job: Job, attempt: int, topic: str) -> tuple[Order, dict[str, Path]]:
    """The order of a job, and where the files that it needs are here, by digest. Reads them once; raises `OSError`."""
    there, found = needed(job.experiment, job.directory.parent)
    needs = tuple(NeededFile(place, *looked_at(file)) for place, file in sorted(found.items()))
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


def returned(there: bytes, asked: Experiment) -> bytes:
    """The file of an experiment that a machine worked, complete, as it was asked for here."""
    own = asked.model_dump(mode="json", include={"dataset", "tasks", "device"})
    return json.dumps({**json.loads(there), **own}, indent=2, ensure_ascii=False).encode() + b"\n"


def unread(error: ExperimentError | OSError) -> tuple[str, str]:
    """What is wrong and what to do where a file that a run needs cannot be read here."""
    if isinstance(error, ExperimentError):
        return error.message, error.advice
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename} cannot be read ({reason}).", "Make it readable, then begin the run again."


def _below(choice: DatasetChoice, home: Path) -> DatasetChoice:
    own = choice.path is not None and choice.path.startswith(f"{GIVEN}/")
    return choice.model_copy(update={"path": str(home / choice.path)}) if own and choice.path else choice
