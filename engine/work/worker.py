"""Who works a run: the port, and the worker that does it here, in the thread that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from engine.events import Event, Formulation

if TYPE_CHECKING:
    from engine.experiment import Experiment

Word = Literal["pause", "resume", "stop", "abandon"]


@dataclass(frozen=True)
class Job:
    """What is worked. directory: the run's own folder; the run goes on from the place that was kept there, if any.
    known: what this experiment was computed by before, its own first."""

    experiment: Experiment
    directory: Path
    known: tuple[Formulation, ...] = ()


class Worker(Protocol):
    """Works one job. host: the machine it does so on, "" for this one."""

    host: str

    def start(self, job: Job) -> Iterator[Event]:
        """What `engine.execute.execute` says. A worker rests while nobody asks for the next event; closing the iterator
        abandons the job. Never raises for the job's own errors."""
        ...

    def say(self, word: Word) -> None:
        """From any thread, at any time, without waiting. "pause", "resume": nobody will ask for a while, or does again;
        "stop": end at the next step and test the best weights; "abandon": end without a further event."""
        ...


class Here:
    """Works in the thread that asks for the events."""

    host = ""

    def __init__(self) -> None:
        self._stopping = False

    def start(self, job: Job) -> Iterator[Event]:
        from engine.execute import execute

        return execute(job.experiment, job.directory, lambda: self._stopping, resume=True, known=job.known)

    def say(self, word: Word) -> None:
        """Nobody asks after "pause" and "abandon": there is nothing to do."""
        self._stopping = word == "stop" or (self._stopping and word != "abandon")
