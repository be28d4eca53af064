"""The thread that works one run of the queue, from its turn in line to its last event. No Qt."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from engine.errors import ExperimentError
from engine.events import (
    LIVE_STATES,
    Evaluated,
    Event,
    IllegalTransition,
    ResumePoint,
    RunFailed,
    RunStarted,
    RunState,
    RunStopped,
    TrialCompleted,
)

if TYPE_CHECKING:
    from storage.store import Curve, RunRow, RunStore
    from ui.run_queue import RunQueue

ENDS = ("", "stop", "later", "abandon", "discard")  # how a run may be ended, the harsher later
HEARTBEAT = 1.0  # seconds between two signs of life of a run that waits or is paused


@dataclass(frozen=True)
class Past:
    """What a run that goes on has saved before, said once before its `RunStarted`."""

    curves: Mapping[str, Curve]
    results: Sequence[Evaluated]
    trials: Sequence[TrialCompleted]
    seconds: float  # of training


Said = Event | Past


class RunThread(threading.Thread):
    """Works one run from its turn in line to its last event. Daemon: a killed program leaves it interrupted."""

    def __init__(self, line: RunQueue, run: RunRow, directory: Path) -> None:
        super().__init__(name=f"run {run.id}", daemon=True)
        self.run_row = run
        self.state = RunState.QUEUED
        self._line = line
        self._directory = directory
        self._running = threading.Event()
        self._running.set()
        self._ending = ""  # "", "stop", "later", "discard" or "abandon"
        self._put_off = False
        self._done = False

    def pause(self) -> None:
        if self.state is RunState.RUNNING:
            self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def end(self, how: str) -> None:
        """how: "stop" (evaluate and keep), "later" (put off), "discard" or "abandon"; a later call may be harsher."""
        if ENDS.index(how) > ENDS.index(self._ending):
            self._ending = how
        self._put_off = self._put_off or how == "later" or (how == "abandon" and self.state is RunState.QUEUED)
        self._running.set()
        self._line.wake()

    def is_ending(self) -> bool:
        return bool(self._ending)

    def is_active(self) -> bool:
        return not self._done

    def run(self) -> None:
        """Wait for the turn, work, and leave the line whatever happens."""
        from storage.store import RunStore

        try:
            with RunStore(self._line._workspace) as store:
                self._work(store)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: a bug becomes a failed run instead of silence
            if not (self._ending and isinstance(error, IllegalTransition)):  # else its last state is given already
                self._line.deliver(self.run_row.id, _failure(error))
        finally:
            self._done = True
            self._line.leave(self)

    def _work(self, store: RunStore) -> None:
        run_id = self.run_row.id
        if self._line.wait_turn(self):
            self._show(store, RunState.RUNNING)
            self._train(store)
        if self._ending == "discard":
            self._settle(store, RunState.STOPPED)
            store.delete([run_id])
        elif self._ending in ("later", "abandon"):
            self.settle(store)
        elif self._ending == "stop" and self.state is RunState.QUEUED:
            self._settle(store, RunState.STOPPED)

    def _train(self, store: RunStore) -> None:
        from engine.execute import execute
        from storage.record import record

        events = execute(self.run_row.experiment, self._directory, self._stopping, resume=True)
        recorded = record(store, self.run_row.id, self._without_end(events))
        try:
            self._pass_on(store, recorded)
        finally:
            recorded.close()

    def _without_end(self, events: Iterator[Event]) -> Iterator[Event]:
        """A run that is put off has no last word: where it would stop is a place like any other."""
        with closing(events):  # type: ignore[type-var]
            for event in events:
                yield ResumePoint.nothing(event.step) if self._is_put_off(event) else event

    def _is_put_off(self, event: Event) -> TypeGuard[RunStopped]:
        return isinstance(event, RunStopped) and self._ending == "later"

    def _pass_on(self, store: RunStore, recorded: Iterator[Event]) -> None:
        for event in recorded:
            if isinstance(event, RunStarted) and event.note is not None:
                self._line.deliver(self.run_row.id, past(store, self.run_row.id, event))
            if not isinstance(event, ResumePoint):
                self._line.deliver(self.run_row.id, event)
            elif self._ending == "later":
                return
            if not self._running.is_set():
                self._wait_while_paused(store)
            if self._ending in ("discard", "abandon"):
                return

    def _wait_while_paused(self, store: RunStore) -> None:
        self._show(store, RunState.PAUSED)
        while not self._running.wait(HEARTBEAT):
            store.beat(self.run_row.id)
        if self._ending not in ("discard", "abandon"):
            self._show(store, RunState.RUNNING)

    def _stopping(self) -> bool:
        """Whether to stop; a run offers a place to go on from before it does. One that is discarded or abandoned is
        closed instead."""
        return self._ending in ("stop", "later")

    def _show(self, store: RunStore, state: RunState) -> None:
        store.set_state(self.run_row.id, state)
        self.state = state

    def _settle(self, store: RunStore, state: RunState) -> None:
        """Give a run that was cut off its last state, unless it reached one by itself."""
        if store.run(self.run_row.id).state in LIVE_STATES:
            store.set_state(self.run_row.id, state)
            self.state = state

    def settle(self, store: RunStore) -> None:
        """Leave a run that was cut off in line for another time, or interrupted."""
        if self._put_off:
            store.put_off(self.run_row.id)
        else:
            self._settle(store, RunState.INTERRUPTED)


def past(store: RunStore, run_id: int, started: RunStarted) -> Past:
    assert started.note is not None
    curves = {name: store.curve(run_id, name) for name in store.metric_names(run_id)}
    return Past(curves, store.results(run_id), store.trials(run_id), float(started.note["seconds"]))


def _failure(error: Exception) -> RunFailed:
    if isinstance(error, ExperimentError):
        return RunFailed("experiment", error.message, error.advice)
    text = "".join(traceback.format_exception(error))
    message = "The run ended because of a mistake in the program."
    return RunFailed("bug", message, "Copy the details and report it.", text)
