"""What is asked of a cluster, whatever engine moves the orders: the narrow port behind which that engine stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.errors import ExperimentError
from engine.events import Heard
from engine.remote.order import Order

Deliver = Callable[["MachineWords"], None]
Change = Callable[[bytes], bytes]
WAITING = "waiting"  # the state of an order that no machine works yet
LOST = "lost"  # of one whose machine was lost


class ClusterAway(ExperimentError):
    """The cluster does not answer at the moment."""


class NotThisCluster(ClusterAway):
    """Somebody answers there, and it is not the cluster of this key."""


@dataclass(frozen=True)
class MachineWords:
    """What a machine says of one run. at: its address. lines: of the journal. needs: digests of files to be sent.
    refused: (attempt, why) where it cannot work it now."""

    at: str
    lines: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class FoundJournal:
    """A journal of a run that lies on a machine, or an order in line or at work, of whose journal the beginning of the
    name is known. at: also `WAITING`; "" of one that is to be taken back. ended: its last event is a last one."""

    at: str
    journal: str
    ended: bool


@dataclass(frozen=True)
class MachineState:
    """One place that works a run at a time. runs: uids of those at work. seconds: since its last sign of life. free:
    bytes on its disk. trouble: why it takes no runs now, in words; "" where it does. gpu: the title of that it works
    with."""

    address: str
    host: str
    version: str
    device: str
    cores: int
    memory: int
    runs: tuple[str, ...]
    seconds: float
    free: int = 0
    trouble: str = ""
    gpu: str = ""


class Cluster(Protocol):
    """All may be called from any thread, wait for an answer for some seconds, and raise `ClusterAway` where none comes,
    `ExperimentError` where a machine refuses."""

    def listen(self, uid: str, deliver: Deliver) -> None:
        """From now on hand over what is said of the run, in a thread of the cluster's own."""
        ...

    def leave(self, uid: str) -> None:
        """Hand over nothing more. The run goes on."""
        ...

    def topic(self) -> str:
        """Where machines are to say what `listen` hands over."""
        ...

    def submit(self, order: Order, among: Sequence[str] = (), since: float = 0.0) -> None:
        """Put the order in line, before all that came later. One that is in line or at work already stays as it is.
        among: addresses of those that are to work it while any of them is there, where not all are. since: when its run
        came, in seconds since the epoch."""
        ...

    def cancel(self, key: str) -> None:
        """Take an order out of line. One at work goes on."""
        ...

    def state(self, key: str) -> str:
        """`WAITING`, `LOST`, the address of who works the order, or "" where the cluster knows nothing of it."""
        ...

    def find(self, uid: str) -> list[FoundJournal]:
        """The journals of a run on all machines that are there and answer, and its orders."""
        ...

    def read(self, at: str, uid: str, after: Heard) -> list[str]:
        """Lines of the journal there behind this place, all where it is another journal; empty where there is none."""
        ...

    def say(self, at: str, uid: str, word: str) -> bool:
        """ "pause", "resume", "stop" or "discard" to a run at work there; whether it was."""
        ...

    def give(self, at: str, files: Mapping[str, Path], wanted: Callable[[], bool]) -> None:
        """Send files to a machine, by digest, while they are wanted. What it has got meanwhile is not sent again."""
        ...

    def fetch(self, at: str, uid: str, journal: str, into: Path, changes: Mapping[str, Change]) -> None:
        """Bring the files that this attempt of a run left there. changes: of what is to lie otherwise here, by path."""
        ...

    def forget(self, uid: str, last: int, at: str = "") -> None:
        """Remove what attempts of the run up to this one left on all machines that are there. at: the only one that has
        any, where that is known."""
        ...

    def leave_nothing(self, uid: str, last: int) -> None:
        """The same of a run that has ended, in some seconds: waits for nothing, and raises nothing."""
        ...

    def take_back(self, key: str, uid: str, last: int, at: str) -> None:
        """Nobody is to work the order, and nothing is to be left of its run up to this attempt, 0 where nobody knows
        which there are; done as soon as the cluster answers, and `at`, who works it ("" for nobody), by this program or
        the next one."""
        ...

    def places(self) -> int:
        """How many runs work at a time; at least 1. Waits for nothing."""
        ...

    def machines(self) -> list[MachineState]:
        """Who is there now and answers."""
        ...
