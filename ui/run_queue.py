"""The queue of runs and the thread that works each one. No Qt: the window and the terminal both use it.

    execute() -> record() -> a deque per run, which whoever shows the run drains

A run waits in line for its device; one run per device works at a time. The run's thread owns its own store, so nothing
here makes the caller wait for the disk except `submit` without a store. Runs that still wait when the queue closes stay
in line, nobody's, until the next start or another program takes them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ExperimentError
from engine.events import RunState
from engine.experiment import Experiment
from engine.families import family
from engine.naming import run_name
from ui.run_thread import RunThread, Said

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore
    from storage.workspace import Workspace


class RunQueue:
    """Runs in line, one line per device. All methods may be called from any thread and return at once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Condition()
        self._lines: dict[str, list[int]] = {}
        self._threads: dict[int, RunThread] = {}
        self._events: dict[int, deque[Said]] = {}
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
        from storage.rows import NewRun

        kind = family(experiment).key
        run = store.create(NewRun(experiment, kind, name or run_name(experiment), plan, study_id, cell))
        return self.enqueue(run, store.directory)

    def go_on(self, run_id: int, store: RunStore) -> RunRow:
        """Put a run that waits, was cut off or stopped in line again, to go on where it was; raises `StorageError`."""
        return self.enqueue(store.put_in_line(run_id), store.directory)

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

    def put_off(self, run_id: int) -> None:
        """End a run at the next place that it can go on from, in line but nobody's; see `RunStore.put_off`."""
        if thread := self._threads.get(run_id):
            thread.end("later")

    def drain(self) -> dict[int, list[Said]]:
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
        """End every run at work: "stop" keeps and evaluates, "later" puts off as `put_off` does, "abandon" leaves them
        interrupted at once, after "later" put off where they were kept last. Those that wait stay in line, nobody's.

        True if all ended in time; one that is abandoned in a long step gets its state all the same."""
        with self._lock:
            self._closed = True
            threads = list(self._threads.values())
        for thread in threads:
            thread.end("later" if how == "stop" and thread.state is RunState.QUEUED else how)
        deadline = time.monotonic() + timeout
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread for thread in threads if thread.is_active()]
        if how == "abandon" and late:
            self._settle_late(late)
        return not any(thread.is_alive() for thread in threads)

    def _settle_late(self, threads: list[RunThread]) -> None:
        from storage.store import RunStore

        # What cannot be written is marked by the next start.
        with suppress(ExperimentError), RunStore(self._workspace) as store:
            for thread in threads:
                thread.settle(store)

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

    def deliver(self, run_id: int, event: Said) -> None:
        self._events[run_id].append(event)

    def wake(self) -> None:
        with self._lock:
            self._lock.notify_all()

    def _forget_finished(self) -> None:
        with self._lock:
            for run_id, thread in list(self._threads.items()):
                if not thread.is_active() and not thread.is_alive() and not self._events[run_id]:
                    del self._threads[run_id], self._events[run_id]


def _take(line: deque[Said]) -> list[Said]:
    """Empty the deque from the left; what arrives meanwhile waits for the next time."""
    return [line.popleft() for _ in range(len(line))]
