"""Saved before shown: what a run says passes through here, is written, and is handed on."""

from __future__ import annotations

import logging
import sqlite3
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

from engine.errors import DatabaseHeld, ExperimentError, StorageError
from engine.events import (
    LAST_EVENTS,
    EpochCompleted,
    Evaluated,
    Event,
    IllegalTransition,
    Metrics,
    Notice,
    ResumePoint,
    RunFailed,
    RunStarted,
    RunState,
    TrialCompleted,
)
from storage import presence, saving
from storage.connection import PATIENCE
from storage.curves import OpenCurve
from storage.store import RunStore

FLUSH = 0.25  # seconds between two flushes while points arrive
SLOW = 0.1  # seconds between two points from which one is worth a write of its own
HURRY = 0.2  # seconds to wait for another writer in the middle of training
LONGEST_PAUSE = 8.0  # seconds between two attempts while saving fails
LEAST_PAUSE = 0.01  # seconds; less is the handing on of an event
AT_ONCE = (RunStarted, EpochCompleted, Evaluated, TrialCompleted, *LAST_EVENTS)

log = logging.getLogger(__name__)
Change = Callable[[sqlite3.Connection], None]


class RecordingStore(RunStore):
    """A store for whoever works runs: it saves what they say."""

    def record(self, run_id: int, events: Iterator[Event]) -> Generator[Event, None, None]:
        """See `record`."""
        return record(self, run_id, events)


def record(
    store: RunStore, run_id: int, events: Iterator[Event], clock: Callable[[], float] | None = None
) -> Generator[Event, None, None]:
    """Write what `events` says to the run and hand it on. The run becomes running, then what its last event says.

    Points are written every 0.25 s and at the end of epochs; trials, figures and runs at once. A storage error does not
    end the training: what is not saved is kept in memory and tried again, and a `Notice` says so once. An exception of
    `events` is saved as a failed run and passes on. Closing this closes `events` and writes the rest; the state stays.

    Points are stamped with training time: seconds since the first step on a steady clock, without pauses, in which
    nobody asks for the next event. clock: seconds since the epoch, by default that of the machine, which then goes on
    steadily however the machine's is set meanwhile.
    """
    recording = Recording(store, run_id, clock or steady())
    try:
        recording.begin()
        for event in events:
            recording.take(event)
            if recording.notices:
                yield from recording.told()
            if isinstance(event, ResumePoint):
                event = event.kept()  # what it holds on to is not for those who watch
            given = time.monotonic()
            yield event
            recording.paused_for(time.monotonic() - given)
            if recording.end_is_unsaved:
                break  # what it goes on from is removed by whoever is asked for more
        if not recording.ended:
            event = RunFailed("bug", "The run ended without saying how.", "Copy the details and report it.")
            recording.take(event)
            yield from recording.told()
            yield event
    except Exception as error:
        if not recording.ended:
            recording.take(_failure(error))
        raise
    finally:
        if close := getattr(events, "close", None):
            close()
        recording.close()


def steady() -> Callable[[], float]:
    """Seconds since the epoch as the machine has them now, counted on by its monotonic clock."""
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def _failure(error: Exception) -> RunFailed:
    if isinstance(error, ExperimentError):
        return RunFailed("experiment", error.message, error.advice)
    text = "".join(traceback.format_exception(error))
    return RunFailed(
        "bug", "The run ended because of a mistake in the program.", "Copy the details and report it.", text
    )


class Recording:
    """What one run has said and the database may not have yet. Lives in the run's thread."""

    def __init__(self, store: RunStore, run_id: int, clock: Callable[[], float]) -> None:
        self._store = store
        self._run_id = run_id
        self._clock = clock
        self._points: list[tuple[Metrics, float]] = []
        self._changes: list[Change] = []
        self._curves: defaultdict[str, OpenCurve] = defaultdict(OpenCurve)
        self._paused = 0.0  # seconds since the first step
        self._started: float | None = None
        self._last = 0.0  # when something was last said, by a clock that stands in pauses and between two attempts
        self._due = self._heard = 0.0
        self._slow = False
        self._pause = 0.0  # 0 while saving works, else seconds until the next attempt
        self._unkept = False  # somebody was told that resume points fail
        self._warned = False  # somebody was told that saving fails
        self._gone = False
        self.notices: list[Notice] = []  # about saving, which nobody has seen yet
        self.ended = False

    def begin(self) -> None:
        """The run is at work from now on; raises `IllegalTransition` for one that has ended."""
        folder = self._store.workspace.presence
        self._changes.append(partial(_begin, run_id=self._run_id, folder=folder, now=self._clock()))
        try:
            self.flush(HURRY)
        except IllegalTransition:
            self._changes.clear()
            self.ended = True
            raise

    def take(self, said: Event) -> None:
        """Keep one event, and write when it is time."""
        if type(said) is Metrics:  # first and short, because it comes with every step
            self._last = self._clock() - self._paused
            self._points.append((said, self._last))
            if self._is_time():
                self.flush(HURRY)
            return
        now = self._clock()
        if isinstance(said, ResumePoint):
            self._last = now - self._paused
            self._keep(said)
            return
        if isinstance(said, RunStarted):
            self._start(said, now)
        self._last = now - self._paused
        if not isinstance(said, EpochCompleted):
            self._changes.append(_write(said, self._run_id, now))
        if isinstance(said, LAST_EVENTS):
            self._end()
        elif time.monotonic() >= self._due or (isinstance(said, AT_ONCE) and not self._pause):
            self.flush(HURRY)

    def _is_time(self) -> bool:
        """Whether a point is written now: every 0.25 s, and where points come slowly each of them and the next, because
        the one after that may take long again."""
        now = time.monotonic()
        before, self._slow = self._slow, now - self._heard >= SLOW
        self._heard = now
        return now >= self._due or (not self._pause and (before or self._slow))

    def _start(self, said: RunStarted, now: float) -> None:
        """The run's clock begins, or goes on from where its resume point was."""
        if said.note is None:
            self._curves.clear()
            self._started, self._paused = now, 0.0
            return
        self.flush(PATIENCE)
        self._curves.update(self._store.cut(self._run_id, said.note))
        self._started = float(said.note["started"])
        self._paused = now - self._started - float(said.note["seconds"])

    def _keep(self, point: ResumePoint) -> None:
        """Write a resume point once all that came before it is in the database; what fails is tried at the next one."""
        self.flush(HURRY)
        if self._pause or self._gone or self._started is None:
            return
        try:
            point.write(self._store.place(self._run_id, self._curves, self._started, self._last - self._started))
        except StorageError as error:
            if not self._unkept:
                self._tell(f"Where this run is cannot be kept. {error} Training goes on, and it is tried again.")
            self._unkept = True
        else:
            self._unkept = False

    def paused_for(self, seconds: float) -> None:
        """Nobody asked for the next event meanwhile."""
        if seconds >= LEAST_PAUSE:
            self._paused += seconds

    def _end(self) -> None:
        self.ended = True
        self.flush(PATIENCE)
        if self._pause:
            self.notices.append(Notice("The last part of this run could not be saved.", "warning"))

    @property
    def end_is_unsaved(self) -> bool:
        """Whether the run has come to its end and the database has not heard of it."""
        return self.ended and self._pause > 0

    def told(self) -> list[Event]:
        """The notices, which count as seen from now on."""
        notices, self.notices = self.notices, []
        return list(notices)

    def close(self) -> None:
        """Write the rest. What cannot be written now is lost, which the log says."""
        if self._points or self._changes or any(curve.dirty for curve in self._curves.values()):
            self.flush(PATIENCE)
        if self._pause:
            log.warning("The last part of run %s could not be saved.", self._run_id)

    def flush(self, patience: float) -> None:
        """Try to write everything that is kept; on failure it stays kept."""
        self._sort_points()
        if self._gone:
            self._changes.clear()
            self._curves.clear()
            return
        try:
            self._gone = not self._store.append(self._run_id, [*self._changes, *self._time()], self._curves, patience)
        except StorageError as error:
            self._failed(error)
        else:
            self._saved()

    def _time(self) -> list[Change]:
        """How long it has worked, once there is a first step."""
        if self._started is None:
            return []
        return [partial(saving.took, run_id=self._run_id, seconds=self._last - self._started)]

    def _sort_points(self) -> None:
        columns: dict[str, tuple[list[int], list[float], list[float]]] = defaultdict(lambda: ([], [], []))
        for said, now in self._points:
            for name, value in said.values.items():
                steps, times, values = columns[name]
                steps.append(said.step)
                times.append(now)
                values.append(value)
        for name, column in columns.items():
            self._curves[name].extend(*column)
        self._points.clear()

    def _saved(self) -> None:
        self._changes.clear()
        for curve in self._curves.values():
            curve.saved()
        self._due = time.monotonic() + FLUSH
        self._pause = 0.0
        if self._warned:
            self._warned = False
            self._tell("Saving works again; nothing was lost.", "info")

    def _failed(self, error: StorageError) -> None:
        momentary = isinstance(error, DatabaseHeld) and not self._pause  # somebody who was just writing
        if not self._warned and not momentary:
            self._warned = True
            self._tell(f"This run cannot be saved at the moment. {error} Training goes on, and saving is tried again.")
        self._pause = min(2 * self._pause, LONGEST_PAUSE) or 2 * FLUSH
        self._due = time.monotonic() + self._pause

    def _tell(self, text: str, level: str = "warning") -> None:
        notice = Notice(text, level)
        self.notices.append(notice)
        self._changes.append(_write(notice, self._run_id, self._clock()))


def _begin(connection: sqlite3.Connection, run_id: int, folder: Path, now: float) -> None:
    old = saving.state_of(connection, run_id)
    if old is not None:
        saving.change_state(connection, run_id, old, RunState.RUNNING, presence.token(folder), now)


def _write(said: Event, run_id: int, now: float) -> Callable[[sqlite3.Connection], None]:
    return lambda connection: saving.event(said, connection, run_id, now)
