"""An order worked: the run is executed, and all that it says is written down first and then told in batches."""

from __future__ import annotations

import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from engine.errors import ExperimentError, StorageError
from engine.events import (
    MACHINE,
    Event,
    Formulation,
    Notice,
    Preparing,
    ResumePoint,
    RunFailed,
    RunStarted,
    RunStopped,
)
from engine.experiment import Experiment
from engine.remote.attempts import Attempts
from engine.remote.going_on import LINES, TIME, taken_up
from engine.remote.journal import Journal
from engine.remote.keeping import KeptFiles
from engine.remote.needed import RUNS
from engine.remote.order import Order, arrived, other_version
from engine.remote.room import CannotWork, cannot, look_for_room
from engine.remote.wanting import is_too_large, no_memory, sign

BATCH = 0.1  # seconds between two batches
ASK_AGAIN = 2.0  # seconds between two requests for files
LONGEST_WAIT = 60.0  # seconds for files, in which none comes to this machine, for whatever run
LOOK_AGAIN = 0.25  # seconds

# {"lines": of the journal}, {"needs": digests} or {"refused": words}; False: nobody is there who hears it
Tell = Callable[[dict[str, list[str]]], object]


class Control:
    """What the desk says to a run at work, from any thread of this process. attempt: which one it is."""

    def __init__(self, attempt: int = 0) -> None:
        self.attempt = attempt
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
    """Lines are told together, at most every 100 ms, by a thread of its own."""

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


def perform(order: Order, home: Path, tell: Tell, control: Control) -> None:
    """Work the order below the home of this machine. A run that was worked to its end already is left as it is, for
    whoever asks for it. Raises `CannotWork`; then nothing of this attempt is left."""
    attempts = Attempts(home)
    if attempts.ended(order.uid) is not None:
        return
    journal = f"{order.attempt}-{secrets.token_hex(3)}"
    try:
        look_for_room(home)
        bring(order, home, tell, control)
        folder = attempts.begin(order.uid, journal, order.told())
        sign(folder)
        earlier, events = prepared(order, home, folder, control)
        with closing(events):
            write_down(folder, events, tell, control, earlier)
    except (CannotWork, OSError) as error:
        attempts.drop(order.uid, journal)
        raise cannot(error) from error
    if control.discarded:
        attempts.drop(order.uid, journal)


def bring(order: Order, home: Path, tell: Tell, control: Control) -> None:
    """Ask for the files that are not here until they are, or the run is to stop. Raises `CannotWork`."""
    kept, wanted = KeptFiles(home), [need.digest for need in order.needs]
    kept.adopt(order.needs)
    asked, moved, last = -ASK_AGAIN, time.monotonic(), 0
    while (gone := kept.missing(wanted)) and not control.stopping:
        now = time.monotonic()
        if last != (last := kept.last_came()):
            moved = now
        if now - moved > LONGEST_WAIT:
            raise CannotWork("The files that it needs did not come.")
        if now - asked >= ASK_AGAIN:
            asked = now
            if tell({"needs": gone}) is False:
                raise CannotWork("Nobody is there who sends the files that it needs.")
        time.sleep(LOOK_AGAIN)


Events = Generator[Event, None, None]


def prepared(order: Order, home: Path, folder: Path, control: Control) -> tuple[Sequence[str], Events]:
    """(lines of an earlier attempt that this one goes on from, what it says from there). Raises `CannotWork`,
    `OSError`."""
    if control.stopping:
        return (), _said(RunStopped(0, "by hand before the first step"))
    if wrong := other_version(order.version):
        return (), _said(RunFailed("experiment", *wrong))
    if is_too_large(Attempts(home), order.uid):
        return (), _said(no_memory())
    try:
        KeptFiles(home).lay(order.needs, folder)
        experiment = arrived(order.experiment, home, device_here())
        return taken_up(Attempts(home), order.uid, experiment, folder), _executed(order, experiment, folder, control)
    except CannotWork:
        raise
    except ExperimentError as error:
        return (), _said(RunFailed("experiment", error.message, error.advice))
    except (ValueError, LookupError, TypeError, AttributeError) as error:  # a bug, which keeps its traceback
        words = f"Something went wrong on {socket.gethostname()}: {type(error).__name__}: {error}"
        advice = "Please copy the details and report them."
        return (), _said(RunFailed("bug", words, advice, traceback.format_exc()))


def _said(event: Event) -> Events:
    yield event


def _executed(order: Order, experiment: Experiment, folder: Path, control: Control) -> Events:
    from engine.execute import execute

    known, host = tuple(map(Formulation.heard, order.known)), socket.gethostname()
    said = execute(experiment, folder / RUNS / order.uid, lambda: control.stopping, resume=True, known=known)
    yield Preparing(f"Getting ready on {host}")
    with closing(said) as events:  # type: ignore[type-var]
        for event in events:
            if isinstance(event, RunStarted):
                device = f"{event.facts.get('device', '')}, {host}"
                event = replace(event, facts={**event.facts, "device": device, MACHINE: host})
            elif isinstance(event, RunFailed):
                event = failed_here(event, host, experiment.device)
            yield event


def failed_here(event: RunFailed, host: str, device: str) -> RunFailed:
    """In words that name the machine. Raises `CannotWork` where its disk is full: another may have room."""
    if event.cause == "disk":
        raise CannotWork(f"The disk of {host} is full.", full=True)
    if event.kind == "bug":
        return replace(event, message=f"{event.message} (on {host})")
    return replace(event, message=event.message.replace(f"memory on {device}.", f"memory on {host}."))


def write_down(
    folder: Path, events: Iterable[Event], tell: Tell, control: Control, earlier: Sequence[str] = ()
) -> None:
    """Number what is said, write each down in the folder and tell it in batches, until it is discarded. earlier: lines
    that an attempt which goes on has first; it has no second beginning. Raises `OSError`."""
    with Journal(folder, folder.name, earlier) as journal, Batches(tell) as batches:
        clock = RunClock(journal.time)
        for event in events:
            if control.discarded:
                break
            if isinstance(event, ResumePoint):
                keep_place(event, journal, clock)
                continue
            if isinstance(event, RunStarted) and event.note is not None:
                clock = RunClock(event.note[TIME])
                event = Notice(f"It went on from step {event.step:,} on {socket.gethostname()}.")
            batches.add(journal.append(event, clock.now()))
            clock.stood(control.rest())


class RunClock:
    """Seconds since the epoch, which stand while a run is paused. since: what it begins at, else the machine's."""

    def __init__(self, since: float = 0.0) -> None:
        self._offset = (since or time.time()) - time.monotonic()

    def now(self) -> float:
        return self._offset + time.monotonic()

    def stood(self, seconds: float) -> None:
        self._offset -= seconds


def keep_place(point: ResumePoint, journal: Journal, clock: RunClock) -> None:
    """A place to go on from, once all that was said before is on the disk. One that cannot be kept is none."""
    with suppress(StorageError):
        journal.settle()
        point.write({LINES: journal.number, TIME: clock.now()})


def device_here() -> str:
    """What this process computes on: its GPU, else the processor."""
    from engine.machine.devices import devices

    names = [one.name for one in devices()]
    with suppress(ValueError):
        names.remove("cpu")
    return names[0] if names else "cpu"
