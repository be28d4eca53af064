"""The workspace's cluster as the window knows it. Nothing is asked of it, and nothing of it imported, before a person
looks at it or has a run worked there, or where an earlier program owes it something."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import ExperimentError
from engine.remote.desk import FOLDER, ClusterDesk, where
from ui.background import Background

if TYPE_CHECKING:
    from engine.remote.cluster import MachineState

LOOK_MS = 2000  # between two looks while somebody looks on
LATE = 4.0  # seconds without an answer, after which what was known before is not told as what is
SETTLE_MS = 60_000  # between two tries to tell a cluster that does not answer what is owed to it
OLD = "This cluster is kept by Warmstart {}, and this is Warmstart {}: end it, and begin it again. Its key stays."


@dataclass(frozen=True)
class SeenCluster:
    """address: "" where the workspace has no cluster. lacking: what is not installed and how it is, in words. fault:
    why it could not be asked, or gives nothing to do. places: who is there; None before it was asked. is_late: they
    were there before it was asked again, and it has not answered yet. version: of this program; wrong: what is said of
    another one that a place has, by version. here, port: where one is to be begun: at this machine's address, or where
    the one was that has ended."""

    address: str = ""
    lacking: str = ""
    fault: str = ""
    places: tuple[MachineState, ...] | None = None
    is_late: bool = False
    version: str = ""
    wrong: Mapping[str, str] = field(default_factory=dict)
    here: str = ""
    port: int = 0
    has_ended: bool = False


class Machines(QObject):
    """changed: `now` is news. All that waits for a disk or a network is done in the background."""

    changed = Signal()

    def __init__(self, desk: ClusterDesk, root: Path, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self.now = SeenCluster()
        self.folder = root / FOLDER
        self._desk, self._root, self._background = desk, root, background
        self._asked = 0.0  # since when, on the clock that only goes forward; 0 where nothing is asked
        self._turn = 0  # counts what is done with it: older answers are none by then
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._settling = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._settling.timeout.connect(self.settle)

    @property
    def is_known(self) -> bool:
        """Whether the workspace has a cluster, answering or not."""
        return bool(self.now.address)

    def load(self) -> None:
        """Find out whether there is a cluster, from the workspace's folder alone."""
        self._background.run(lambda cancelled: SeenCluster(address(self.folder)), self._know, at_once=True)

    def settle(self) -> None:
        """Have the cluster told what earlier programs owe it, if they do."""

        def done(again: bool) -> None:
            if again:
                self._settling.start()

        def failed(error: Exception) -> None:  # a person hears of it who asks for the cluster
            if not isinstance(error, ExperimentError):
                self._background.crashed.emit(error)

        self._background.run(lambda cancelled: self._desk.settle(), done, failed, long=True)

    def watch(self, on: bool) -> None:
        """Look at it again and again, while somebody looks on."""
        if on:
            self.look()
            self._timer.start()
        else:
            self._timer.stop()

    def look(self) -> None:
        """Ask who is there; one question at a time."""
        if self._asked:
            if time.monotonic() - self._asked > LATE and self.now.places is not None:
                self._know(replace(self.now, is_late=True))
            return
        self._asked, turn = time.monotonic(), self._turn

        def answered(now: SeenCluster) -> None:
            self._asked = 0.0
            if turn == self._turn:
                self._know(now)

        self._background.run(lambda cancelled: seen(self._desk, self.folder), answered, self._failed, long=True)

    def _failed(self, error: Exception) -> None:
        self._asked = 0.0
        self._background.crashed.emit(error)

    def _know(self, now: SeenCluster) -> None:
        if now != self.now:
            self.now = now
            self.changed.emit()

    # What is done with it

    def begin(self, host: str, port: int, failed: Callable[[Exception], None]) -> None:
        """Begin a cluster that other machines reach at this address; `changed` says that it is up."""

        def work(cancelled: object) -> SeenCluster:
            from engine.remote import starting

            starting.begin(self._root, host, port)
            return seen(self._desk, self.folder)

        self._do(work, failed)

    def end(self, failed: Callable[[Exception], None]) -> None:
        """End it; one that does not answer is forgotten."""

        def work(cancelled: object) -> SeenCluster:
            from engine.remote import starting
            from engine.remote.cluster import ClusterAway

            with suppress(ClusterAway):
                starting.end(self._root)
            starting.forget(self._root)
            self._desk.let_go()
            return seen(self._desk, self.folder)

        self._do(work, failed)

    def _do(self, work: Callable[[object], SeenCluster], failed: Callable[[Exception], None]) -> None:
        def done(now: SeenCluster) -> None:
            self._turn += 1
            self._know(now)

        self._turn += 1
        self._background.run(work, done, failed, "cluster", long=True)

    def close(self) -> None:
        self._timer.stop()
        self._settling.stop()


def address(folder: Path) -> str:
    """Of the cluster whose folder this is; "" where there is none."""
    with suppress(ExperimentError):
        return where(folder)
    return ""


def seen(desk: ClusterDesk, folder: Path) -> SeenCluster:
    """How it is now. For a thread: it asks the network, and imports for that."""
    from engine.machine.addresses import address_here
    from engine.remote.on_dask import EXTRA
    from engine.remote.order import other_version, version
    from engine.remote.starting import PORT, last

    at = address(folder)
    if EXTRA.missing():
        return SeenCluster(at, lacking=" ".join(EXTRA.lacking()))
    if not at:
        was = last(folder)
        host, port = was or (address_here(), PORT)
        return SeenCluster(here=host, port=port, has_ended=was is not None)
    try:
        cluster = desk.connect(same_version=False)
        places, kept_by = tuple(cluster.machines()), cluster.version()
    except ExperimentError as error:
        return SeenCluster(at, fault=str(error), version=version())
    found = {one.version: other_version(one.version) for one in places}
    wrong = {theirs: " ".join(said) for theirs, said in found.items() if said}
    old = OLD.format(*(one or "from a folder" for one in (kept_by, version()))) * bool(other_version(kept_by))
    return SeenCluster(at, fault=old, places=places, version=version(), wrong=wrong)
