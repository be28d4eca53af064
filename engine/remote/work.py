"""An order worked: the run is executed, and all that it says is written down first and then told in batches."""

from __future__ import annotations

import secrets
import shutil
import socket
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from engine.errors import ExperimentError
from engine.events import Event, Formulation, Preparing, ResumePoint, RunFailed, RunStarted
from engine.remote.journal import Journal, last_entry
from engine.remote.keeping import KeptFiles
from engine.remote.order import Order, arrived, version

BATCH = 0.05  # seconds between two batches
ASK_AGAIN = 2.0  # seconds between two requests for files
LONGEST_WAIT = 600.0  # seconds for files that nobody sends
LOOK_AGAIN = 0.25  # seconds

Tell = Callable[[dict[str, list[str]]], None]  # {"lines": of the journal} or {"needs": digests of files}


class Control:
    """What the desk says to a run at work, from any thread of this process."""

    def __init__(self) -> None:
        self.stopping = self.discarded = False
        self._going = threading.Event()
        self._going.set()

    def say(self, word: str) -> None:
        """ "pause", "resume", "stop" or "discard"."""
        self.stopping |= word in ("stop", "discard")
        self.discarded |= word == "discard"
        if word == "pause":
            self._going.clear()
        else:
            self._going.set()

    def rest(self) -> float:
        """Wait while the run is paused; returns the seconds of it."""
        begun = time.monotonic()
        paused = not self._going.is_set()
        self._going.wait()
        return time.monotonic() - begun if paused else 0.0


class Batches:
    """Lines are told together, at most every 50 ms, by a thread of its own."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._lines = tell, list[str]()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="telling")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._send()

    def add(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)

    def _work(self) -> None:
        while not self._ended.wait(BATCH):
            self._send()

    def _send(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
        if lines:
            self._tell({"lines": lines})


def folder_of(home: Path, uid: str) -> Path:
    """Where a machine works the run; raises `ExperimentError` for what is no run's name."""
    if not uid.isalnum():
        raise ExperimentError("This is no name of a run.", "Begin the run anew.")
    return home / "runs" / uid


def is_complete(folder: Path) -> bool:
    """Whether a run was worked to its end there and nobody has taken it away."""
    found = last_entry(folder)
    return found is not None and found.is_last and not isinstance(found.event, RunFailed)


def perform(order: Order, home: Path, tell: Tell, control: Control) -> None:
    """Work the order below the home of this machine. One that was worked to its end already is left as it is, for
    whoever asks for it. Raises `OSError` where nothing can be written."""
    folder = folder_of(home, order.uid)
    if is_complete(folder):
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with closing(_said(order, home, tell, control)) as events:
        write_down(folder, order.attempt, events, tell, control)
    if control.discarded:
        shutil.rmtree(folder, ignore_errors=True)


def write_down(folder: Path, attempt: int, events: Iterable[Event], tell: Tell, control: Control) -> None:
    """Number what is said, write each down in the folder and tell it in batches, until it is discarded."""
    begun, paused = time.time() - time.monotonic(), 0.0
    with Journal(folder, f"{attempt}-{secrets.token_hex(3)}") as journal, Batches(tell) as batches:
        for event in events:
            if control.discarded:
                break
            batches.add(journal.append(event, begun + time.monotonic() - paused))
            paused += control.rest()


def _said(order: Order, home: Path, tell: Tell, control: Control) -> Generator[Event, None, None]:
    try:
        if wrong := other_version(order.version):
            yield RunFailed("experiment", *wrong)
            return
        yield from _brought(order, home, tell, control)
        yield from _executed(order, home, control)
    except ExperimentError as error:
        yield RunFailed("experiment", error.message, error.advice)
    except Exception as error:  # noqa: BLE001 - the boundary: a bug becomes a failed run that keeps its traceback
        words = f"Something went wrong on {socket.gethostname()}: {type(error).__name__}: {error}"
        yield RunFailed("bug", words, "Please copy the details and report them.", traceback.format_exc())


def other_version(theirs: str) -> tuple[str, str] | None:
    """What is wrong and what to do where the other end has another version of this program, of which the last number
    does not count."""
    own = version()
    if own.split(".")[:2] == theirs.split(".")[:2]:
        return None
    here, there = (one or "from a folder" for one in (own, theirs))
    words = f"{socket.gethostname()} has Warmstart {here}, the other machine {there}."
    return words, "Install the same version on both."


def _brought(order: Order, home: Path, tell: Tell, control: Control) -> Iterator[Event]:
    """Ask for the files that are not here until they are."""
    kept, wanted = KeptFiles(home), [need.digest for need in order.needs]
    begun, asked = time.monotonic(), -ASK_AGAIN
    first = len(kept.missing(wanted))
    while gone := kept.missing(wanted):
        if control.stopping:
            return
        waited = time.monotonic() - begun
        if waited > LONGEST_WAIT:
            raise ExperimentError("The files of this run did not come.", "Leave Warmstart open until it has begun.")
        if waited >= asked + ASK_AGAIN:
            asked = waited
            tell({"needs": gone})
            yield Preparing(f"Files are sent to {socket.gethostname()}", 1 - len(gone) / first)
        time.sleep(LOOK_AGAIN)
    kept.lay(order.needs)


def _executed(order: Order, home: Path, control: Control) -> Iterator[Event]:
    from engine.execute import execute

    experiment = arrived(order.experiment, home, device_here())
    known = tuple(map(Formulation.heard, order.known))
    said = execute(experiment, folder_of(home, order.uid), lambda: control.stopping, known=known)
    with closing(said) as events:  # type: ignore[type-var]
        for event in events:
            if isinstance(event, ResumePoint):
                continue  # another attempt begins anew
            if isinstance(event, RunStarted):
                where = f"{event.facts.get('device', '')}, {socket.gethostname()}"
                event = replace(event, facts={**event.facts, "device": where})
            yield event


def device_here() -> str:
    """What this process computes on: its GPU, else the processor."""
    from engine.machine.devices import devices

    names = [one.name for one in devices()]
    with suppress(ValueError):
        names.remove("cpu")
    return names[0] if names else "cpu"
