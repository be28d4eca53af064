"""The queue of runs and the thread that works each one. No Qt: the window and the terminal both use it.

    execute() -> record() -> a deque per run, which whoever shows the run drains

A run waits in line for its device; one run per device works at a time. The run's thread owns its own store, so nothing
here makes the caller wait for the disk except `submit` without a store.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ExperimentError
from engine.events import Event, RunFailed, RunState
from engine.experiment import Experiment
from engine.naming import family, run_name

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore
    from storage.workspace import Workspace

HEARTBEAT = 1.0  # seconds between two signs of life of a run that waits or is paused


class RunQueue:
    """Runs in line, one line per device. All methods may be called from any thread and return at once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Condition()
        self._lines: dict[str, list[int]] = {}
        self._threads: dict[int, RunThread] = {}
        self._events: dict[int, deque[Event]] = {}
        self._closed = False

    def submit(
        self, experiment: Experiment, name: str = "", plan: str = "", store: RunStore | None = None,
        study_id: int | None = None, cell: str = "",
    ) -> RunRow:  # fmt: skip
        """Save a new run and put it in line. Writes to `store`, or to one opened and closed here.

        study_id, cell: the study that the run belongs to, and its place there.
        """
        if store is None:
            from storage.store import RunStore

            with RunStore(self._workspace) as own:
                return self.submit(experiment, name, plan, own, study_id, cell)
        run = store.create(experiment, name or run_name(experiment), plan, family(experiment), study_id, cell)
        return self.enqueue(run, store.directory)

    def enqueue(self, run: RunRow, directory: Callable[[RunRow], Path]) -> RunRow:
        """Put a saved run in line; `directory(run)` says where its files go."""
        thread = RunThread(self, run, directory(run))
        with self._lock:
            if self._closed:
                raise ExperimentError("The program is closing.", "Start this run again after the next start.")
            self._threads[run.id] = thread
            self._events[run.id] = deque()
            self._lines.setdefault(run.experiment.device, []).append(run.id)
        thread.start()
        return run

    def pause(self, run_id: int) -> None:
        if thread := self._threads.get(run_id):
            thread.pause()

    def resume(self, run_id: int) -> None:
        if thread := self._threads.get(run_id):
            thread.resume()

    def stop(self, run_id: int, keep: bool = True) -> None:
        """Stop and evaluate the best weights so far; with keep=False the same as `discard`."""
        if thread := self._threads.get(run_id):
            thread.end("stop" if keep else "discard")

    def discard(self, run_id: int) -> None:
        """Stop at once and move the run to the deleted ones (Ctrl+Z brings its curve back)."""
        self.stop(run_id, keep=False)

    def interrupt(self, run_id: int) -> None:
        """Stop at once and leave the run interrupted, so that it can be put in line again."""
        if thread := self._threads.get(run_id):
            thread.end("abandon")

    def drain(self) -> dict[int, list[Event]]:
        """What happened since the last call, per run that had something."""
        with self._lock:
            lines = list(self._events.items())
        news = {run_id: _take(line) for run_id, line in lines}
        self._forget_finished()
        return {run_id: events for run_id, events in news.items() if events}

    def active(self) -> list[int]:
        """Ids of the runs that wait, work or are paused, in the order they were put in line."""
        with self._lock:
            return [run_id for run_id, thread in self._threads.items() if thread.is_active()]

    def state(self, run_id: int) -> RunState | None:
        """What an active run does now (queued, running, paused); None when the queue no longer has it."""
        thread = self._threads.get(run_id)
        return thread.state if thread and thread.is_active() else None

    def is_busy(self) -> bool:
        return bool(self.active())

    def is_closed(self) -> bool:
        """True once the program is closing: nothing can be put in line any more."""
        return self._closed

    def close(self, how: str = "stop", timeout: float = 30.0) -> bool:
        """End every run: "stop" keeps and evaluates, "abandon" leaves them interrupted. True if all ended in time; a
        run that is abandoned in the middle of a long step is interrupted all the same, not left as running."""
        with self._lock:
            self._closed = True
            threads = list(self._threads.values())
        for thread in threads:
            thread.end(how)
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread for thread in threads if thread.is_active()]
        if how == "abandon" and late:
            self._interrupt_late(late)
        return not any(thread.is_alive() for thread in threads)

    def _interrupt_late(self, threads: list[RunThread]) -> None:
        from storage.store import RunStore

        # What cannot be written is marked by the next start.
        with suppress(ExperimentError), RunStore(self._workspace) as store:
            for thread in threads:
                settle(store, thread.run_row.id, RunState.INTERRUPTED)

    # Called by the run's thread.

    def wait_turn(self, thread: RunThread) -> bool:
        """Block until the thread is first in its device's line; False if it was ended while it waited."""
        line = self._lines[thread.run_row.experiment.device]
        with self._lock:
            self._lock.wait_for(lambda: line[0] == thread.run_row.id or thread.is_ending())
        return not thread.is_ending()

    def leave(self, thread: RunThread) -> None:
        """Make room for the next run of the same device."""
        with self._lock:
            self._lines[thread.run_row.experiment.device].remove(thread.run_row.id)
            self._lock.notify_all()

    def deliver(self, run_id: int, event: Event) -> None:
        self._events[run_id].append(event)

    def wake(self) -> None:
        with self._lock:
            self._lock.notify_all()

    def _forget_finished(self) -> None:
        with self._lock:
            for run_id, thread in list(self._threads.items()):
                if not thread.is_active() and not thread.is_alive() and not self._events[run_id]:
                    del self._threads[run_id], self._events[run_id]


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
        self._ending = ""  # "", "stop", "discard" or "abandon"
        self._done = False

    def pause(self) -> None:
        if self.state is RunState.RUNNING:
            self._running.clear()

    def resume(self) -> None:
        self._running.set()

    def end(self, how: str) -> None:
        """how: "stop" (evaluate and keep), "discard" or "abandon"; a later call may only be harsher."""
        if self._ending in ("", "stop"):
            self._ending = how
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
        elif self._ending == "abandon":
            self._settle(store, RunState.INTERRUPTED)
        elif self._ending == "stop" and self.state is RunState.QUEUED:
            self._settle(store, RunState.STOPPED)

    def _train(self, store: RunStore) -> None:
        from engine.execute import execute
        from storage.record import record

        events = execute(self.run_row.experiment, self._directory, self._stopping)
        recorded = record(store, self.run_row.id, events)
        try:
            self._pass_on(store, recorded)
        finally:
            recorded.close()

    def _pass_on(self, store: RunStore, recorded: Iterator[Event]) -> None:
        for event in recorded:
            self._line.deliver(self.run_row.id, event)
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
        """Whether to stop and keep; a run that is discarded or abandoned is closed instead, without a last word."""
        return self._ending == "stop"

    def _show(self, store: RunStore, state: RunState) -> None:
        store.set_state(self.run_row.id, state)
        self.state = state

    def _settle(self, store: RunStore, state: RunState) -> None:
        if settle(store, self.run_row.id, state):
            self.state = state


def settle(store: RunStore, run_id: int, state: RunState) -> bool:
    """Give a run that was cut off its last state, unless it reached one by itself."""
    cut_off = store.run(run_id).state in (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)
    if cut_off:
        store.set_state(run_id, state)
    return cut_off


def _take(line: deque[Event]) -> list[Event]:
    """Empty the deque from the left; what arrives meanwhile waits for the next time."""
    return [line.popleft() for _ in range(len(line))]


def _failure(error: Exception) -> RunFailed:
    if isinstance(error, ExperimentError):
        return RunFailed("experiment", error.message, error.advice)
    text = "".join(traceback.format_exception(error))
    message = "The run ended because of a mistake in the program."
    return RunFailed("bug", message, "Copy the details and report it.", text)
