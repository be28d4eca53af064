"""Who works a run: the port, and the worker that does it here, in the thread that asks it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from engine.events import Event, Formulation, Heard

if TYPE_CHECKING:
    from engine.experiment import Experiment

Word = Literal["pause", "resume", "stop", "later", "withdraw", "abandon", "discard"]
STOPS = ("stop", "later")  # what a worker of this machine ends with the best weights for
GIVES_UP = ("abandon", "discard")


@dataclass(frozen=True)
class Job:
    """What is worked. directory: the run's own folder; the run goes on from the place that was kept there, if any.
    known: what this experiment was computed by before, its own first. heard: the last of it that is saved already, of a
    run that is worked elsewhere. since: when it was put in line, in seconds since the epoch. fresh: it was made just
    now, so nobody can be working it."""

    experiment: Experiment
    directory: Path
    known: tuple[Formulation, ...] = ()
    heard: Heard | None = None
    since: float = field(default_factory=time.time)
    fresh: bool = False


class Worker(Protocol):
    """Works one job. host: where it does so, "" on this machine, whose devices work one run at a time."""

    host: str

    def heard(self) -> Heard | None:
        """Where the last event stands that came from elsewhere, in the order of the journal; None here."""
        ...

    def start(self, job: Job) -> Iterator[Event]:
        """What `engine.execute.execute` says. A worker rests while nobody asks for the next event; closing the iterator
        abandons the job. Never raises for the job's own errors."""
        ...

    def say(self, word: Word) -> None:
        """From any thread, at any time, without waiting. "pause", "resume": nobody will ask for a while, or does again;
        "stop": end at the next step and test the best weights; "abandon": end without a further event. "later" and
        "discard" are "stop" and "abandon" of a run that shall go on another time, or never: who works elsewhere goes
        on with a run that is left for later or abandoned. "withdraw", said to such a worker alone, is "later" of a run
        that nobody is to work until then."""
        ...


class Elsewhere(Protocol):
    """Other machines, which work as many runs at a time as they have places for. Nothing here waits for them."""

    def worker(self) -> Worker: ...

    def places(self) -> int:
        """How many there are, as far as is known; at least 1."""
        ...

    def close(self, wait: bool = True) -> None:
        """Let go of them; what they work goes on. wait: until that is done."""
        ...


class Here:
    """Works in the thread that asks for the events."""

    host = ""

    def __init__(self) -> None:
        self._stopping = False

    def heard(self) -> None:
        return None

    def start(self, job: Job) -> Iterator[Event]:
        from engine.execute import execute

        return execute(job.experiment, job.directory, lambda: self._stopping, resume=True, known=job.known)

    def say(self, word: Word) -> None:
        """Nobody asks after "pause" and "abandon": there is nothing to do."""
        self._stopping = word in STOPS or (self._stopping and word not in GIVES_UP)
