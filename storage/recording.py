"""What one run at work has said and the database may not have yet: kept in memory, written when it is time."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.errors import DatabaseHeld, StorageError
from engine.events import (
    LAST_EVENTS,
    EpochCompleted,
    Evaluated,
    Event,
    Heard,
    IllegalTransition,
    Metrics,
    Notice,
    ResumePoint,
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
HERE, ELSEWHERE = (FLUSH, SLOW), (1.0, 0.5)  # both, also of what is said elsewhere, which is in a journal there
HURRY = 0.2  # seconds to wait for another writer in the middle of training
LONGEST_PAUSE = 8.0  # seconds between two attempts while saving fails
LEAST_PAUSE = 0.01  # seconds; less is the handing on of an event
AT_ONCE = (RunStarted, EpochCompleted, Evaluated, TrialCompleted, *LAST_EVENTS)

log = logging.getLogger(__name__)
Change = Callable[[sqlite3.Connection], None]


class Recording:
    """What one run has said and the database may not have yet. Lives in the run's thread."""

    def __init__(
        self, store: RunStore, run_id: int, clock: Callable[[], float], pace: tuple[float, float] = HERE
    ) -> None:  # fmt: skip
        self._store = store
        self._flush, self._slow = pace
        self._run_id = run_id
        self._clock = clock
        self._points: list[tuple[Metrics, float]] = []
        self._changes: list[Change] = []
        self._curves: defaultdict[str, OpenCurve] = defaultdict(OpenCurve)
        self._paused = 0.0  # seconds since the first step
        self._started: float | None = None
        self._last = 0.0  # when something was last said, by a clock that stands in pauses and between two attempts
        self._due = self._heard = 0.0
        self._own = 0  # so many times what is said is worth a write of its own
        self._more = False  # what came with the present event from elsewhere follows at once
        self._pause = 0.0  # 0 while saving works, else seconds until the next attempt
        self._unkept = False  # somebody was told that resume points fail
        self._warned = False  # somebody was told that saving fails
        self._gone = False
        self._heard_of: Heard | None = None  # the last event, of a run that is worked elsewhere
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

    def at(self, place: Heard | None) -> None:
        """Where the next event stands that came from elsewhere. The first one of a run that is saved in part goes on
        with what is saved."""
        if place is None:
            return
        if self._heard_of is None and place.number > 1:
            curves, self._started = self._store.reopened(self._run_id)
            self._curves.update(curves)
        self._heard_of, self._more = place, place.more and place is not self._heard_of
        self._clock = lambda: place.time

    def take(self, said: Event) -> None:
        """Keep one event, and write when it is time."""
        if type(said) is Metrics:  # first and short, because it comes with every step
            now = self._clock()
            self._last = now - self._paused
            self._points.append((said, self._last))
            if self._is_time(now):
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
        elif self._is_now(said, now):
            self.flush(HURRY)

    def _is_now(self, said: Event, now: float) -> bool:
        """Whether what is no point is written now. What is said elsewhere is in a journal there, and waits as points
        do."""
        if self._heard_of is not None:
            return self._is_time(now)
        return time.monotonic() >= self._due or (isinstance(said, AT_ONCE) and not self._pause)

    def _is_time(self, now: float) -> bool:
        """Whether a point is written now: every 0.25 s (1 s of what is said elsewhere), and where points come slowly
        each of them and the next, because the one after that may take long again. What came from elsewhere together is
        written together."""
        if now - self._heard >= self._slow:
            self._own = 2
        self._heard = now
        if self._more:
            return False
        own, self._own = self._own, max(0, self._own - 1)
        return time.monotonic() >= self._due or (own > 0 and not self._pause)

    def _start(self, said: RunStarted, now: float) -> None:
        """The run's clock begins, or goes on from where its resume point was."""
        if said.note is None:
            self._points.clear()
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
        if self._pause or self._gone or self._started is None or self._heard_of is not None:
            return  # where a run is that is worked elsewhere stands in the journal there
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
        if seconds >= LEAST_PAUSE and self._heard_of is None:
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
        seconds = None if self._started is None else self._last - self._started
        try:
            kept = self._store.append(self._run_id, self._changes, self._curves, patience, seconds, self._heard_of)
            self._gone = not kept
        except StorageError as error:
            self._failed(error)
        else:
            self._saved()

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
        self._due = time.monotonic() + self._flush
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
