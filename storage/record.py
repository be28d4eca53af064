"""Saved before shown: what a run says passes through here, is written, and is handed on."""

from __future__ import annotations

import logging
import sqlite3
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial

from engine.errors import StorageError
from engine.events import (
    LAST_EVENTS,
    EpochCompleted,
    Evaluated,
    Event,
    IllegalTransition,
    Metrics,
    Notice,
    RunFailed,
    RunStarted,
    RunState,
)
from storage import presence, saving
from storage.connection import PATIENCE
from storage.curves import OpenCurve
from storage.store import RunStore

FLUSH = 0.25  # seconds between two flushes while points arrive
HURRY = 0.2  # seconds to wait for another writer in the middle of training
LONGEST_PAUSE = 8.0  # seconds between two attempts while saving fails
AT_ONCE = (RunStarted, EpochCompleted, Evaluated, *LAST_EVENTS)

log = logging.getLogger(__name__)


def record(
    store: RunStore, run_id: int, events: Iterator[Event], clock: Callable[[], float] = time.time
) -> Iterator[Event]:
    """Write what `events` says to the run and hand it on. The run becomes running, then what its last event says.

    Points are written every 0.25 s and at the end of epochs, figures and runs at once. A storage error does not end the
    training: what is not saved is kept in memory and tried again, and a `Notice` says so once. An exception of `events`
    is saved as a failed run and passes on. Closing this closes `events` and writes the rest; the state stays.
    """
    recording = Recording(store, run_id, clock)
    try:
        recording.begin()
        for event in _completed(events, recording):
            recording.take(event)
            yield from recording.news()
            yield event
    finally:
        if close := getattr(events, "close", None):
            close()
        recording.close()


def _completed(events: Iterator[Event], recording: Recording) -> Iterator[Event]:
    """The events, with an end where the source has none; an exception of the source is saved before it passes on."""
    said = None
    try:
        for said in events:
            yield said
    except Exception as error:
        recording.take(_failure(error))
        raise
    if not isinstance(said, LAST_EVENTS):
        yield RunFailed("bug", "The run ended without saying how.", "Copy the details and report it.")


def _failure(error: Exception) -> RunFailed:
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
        self._points: list[tuple[int, float, dict[str, float]]] = []
        self._changes: list[Callable[[sqlite3.Connection], None]] = []
        self._curves: dict[str, OpenCurve] = {}
        self._due = 0.0
        self._pause = 0.0  # 0 while saving works, else seconds until the next attempt
        self._news: list[Notice] = []
        self._gone = False

    def begin(self) -> None:
        """The run is at work from now on; raises `IllegalTransition` for one that has ended."""
        owner = presence.token(self._store.workspace.presence)
        self._changes.append(partial(_begin, run_id=self._run_id, owner=owner, now=self._clock()))
        try:
            self.flush(HURRY)
        except IllegalTransition:
            self._changes.clear()
            raise

    def take(self, said: Event) -> None:
        """Keep one event, and write when it is time."""
        if isinstance(said, Metrics):
            self._points.append((said.step, self._clock(), dict(said.values)))
        elif not isinstance(said, EpochCompleted):
            self._changes.append(_write(said, self._run_id, self._clock()))
        if isinstance(said, LAST_EVENTS):
            self.flush(PATIENCE)
        elif time.monotonic() >= self._due or (isinstance(said, AT_ONCE) and not self._pause):
            self.flush(HURRY)

    def news(self) -> list[Notice]:
        """Notices about saving that nobody has seen yet."""
        news, self._news = self._news, []
        return news

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
            self._gone = not self._store.append(self._run_id, self._changes, self._curves, patience)
        except StorageError as error:
            self._failed(error)
        else:
            self._saved()

    def _sort_points(self) -> None:
        for step, now, values in self._points:
            for name, value in values.items():
                curve = self._curves.get(name)
                if curve is None:
                    curve = self._curves[name] = OpenCurve()
                curve.add(int(step), now, float(value))
        self._points.clear()

    def _saved(self) -> None:
        self._changes.clear()
        for curve in self._curves.values():
            curve.saved()
        self._due = time.monotonic() + FLUSH
        if self._pause:
            self._pause = 0.0
            self._tell("Saving works again; nothing was lost.", "info")

    def _failed(self, error: StorageError) -> None:
        if not self._pause:
            self._tell(f"This run cannot be saved at the moment. {error} Training goes on, and saving is tried again.")
        self._pause = min(2 * self._pause, LONGEST_PAUSE) or 2 * FLUSH
        self._due = time.monotonic() + self._pause

    def _tell(self, text: str, level: str = "warning") -> None:
        notice = Notice(text, level)
        self._news.append(notice)
        self._changes.append(_write(notice, self._run_id, self._clock()))


def _begin(connection: sqlite3.Connection, run_id: int, owner: str, now: float) -> None:
    old = saving.state_of(connection, run_id)
    if old is not None:
        saving.change_state(connection, run_id, old, RunState.RUNNING, owner, now)


def _write(said: Event, run_id: int, now: float) -> Callable[[sqlite3.Connection], None]:
    return lambda connection: saving.event(said, connection, run_id, now)
