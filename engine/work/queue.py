"""The queue of runs. The window and the terminal both use it.

    worker -> record -> one mailbox, which whoever shows the runs drains

A run waits in line for its place; one run per place works at a time. The run's thread owns its own store, so nothing
here makes the caller wait for the disk. Runs that still wait when the queue closes stay in line, nobody's, until the
next start or another program takes them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.errors import ExperimentError
from engine.events import CLUSTER, EVERY_GPU, LIVE_STATES, RunState
from engine.work.recorder import Left, Now, Registry, Said, SavedRun
from engine.work.thread import Lines, Open, Place, RunThread
from engine.work.worker import Elsewhere, Here, Job, Worker

if TYPE_CHECKING:  # the window makes its queue before its first paint, and an experiment later
    from engine.experiment import Experiment, NewRun


def new_run(
    experiment: Experiment, name: str = "", plan: str = "", study_id: int | None = None, cell: str = "",
    forced: Mapping[str, int | str] = {},
) -> NewRun:  # fmt: skip
    """The experiment as it is saved, under its usual name where none is given; see `NewRun`."""
    from engine.experiment import NewRun
    from engine.families import family
    from engine.naming import run_name

    return NewRun(experiment, family(experiment).key, name or run_name(experiment), plan, study_id, cell, forced)


class Mailbox:
    """What the runs say, in the order they say it. Safe from any thread, and nobody waits."""

    def __init__(self) -> None:
        self._said: deque[tuple[int, Said]] = deque()

    def put(self, run_id: int, said: Said) -> None:
        self._said.append((run_id, said))

    def take(self) -> dict[int, list[Said]]:
        """What came since the last call, per run; what arrives meanwhile waits for the next time."""
        news: dict[int, list[Said]] = {}
        for _ in range(len(self._said)):
            run_id, said = self._said.popleft()
            news.setdefault(run_id, []).append(said)
        return news


class RunQueue:
    """Runs in line, one line per place. All methods may be called from any thread and return at once.

    open_: opens the store that a run is saved in, in the run's own thread. worker: makes the worker of one run.
    cluster: works the runs whose device it is; each at once, as it keeps a line of its own.
    """

    def __init__(self, open_: Open, worker: Callable[[], Worker] = Here, cluster: Elsewhere | None = None) -> None:
        self.worker, self._cluster = worker, cluster
        self._open = open_
        self._lock = threading.Lock()
        self._lines, self._mailbox = Lines(), Mailbox()
        self._threads: dict[int, RunThread] = {}
        self._closed = False

    def submit(self, new: NewRun, store: Registry[SavedRun]) -> SavedRun:
        """Save a new run and put it in line; raises `StorageError`."""
        return self.enqueue(store.create(new), store, fresh=True)

    def go_on(self, run_id: int, store: Registry[SavedRun]) -> SavedRun:
        """Put a run that waits, was cut off or stopped in line again, to go on where it was; raises `StorageError`. One
        that nobody ended stands where it did."""
        stood = store.run(run_id).state in (*LIVE_STATES, RunState.INTERRUPTED)
        return self.enqueue(store.put_in_line(run_id), store, since=0.0 if stood else time.time())

    def enqueue(
        self, run: SavedRun, store: Registry[SavedRun], fresh: bool = False, since: float = 0.0
    ) -> SavedRun:  # fmt: skip
        """Put a run in line that is saved as this process's own. fresh, since: see `Job`; 0: when it was made."""
        job = Job(run.experiment, store.directory(run), since=since or run.created, fresh=fresh)
        worker = self._worker_on(run.experiment.device)
        with self._lock:
            if self._closed:
                raise ExperimentError("The program is closing.", "Start this run again after the next start.")
            turn = self._lines.join(Place(worker.host, run.uid if worker.host else run.experiment.device))
            thread = RunThread(
                run, job, worker, turn, self._open,
                lambda said: self._mailbox.put(run.id, said), self._let_go,
            )  # fmt: skip
            self._threads[run.id] = thread
            self._mailbox.put(run.id, Now(RunState.QUEUED))
        thread.start()
        return run

    def _worker_on(self, device: str) -> Worker:
        """What several GPUs compute together has a process of its own: a fault of one GPU ends what speaks to it."""
        if device == EVERY_GPU:
            from engine.work.process import Process

            return Process()
        if self._cluster is None or device != CLUSTER:
            return self.worker()
        return self._cluster.worker()

    def places(self, device: str) -> int:
        """How many runs of this device work at a time, as far as is known now."""
        return self._cluster.places() if self._cluster is not None and device == CLUSTER else 1

    def _let_go(self, thread: RunThread) -> None:
        with self._lock:  # a queue that is not busy has nothing more to say
            if self._holds(thread):
                self._mailbox.put(thread.run_id, Left())
                del self._threads[thread.run_id]

    def _holds(self, thread: RunThread) -> bool:
        """False once it has left, and after its run was put in line again."""
        return self._threads.get(thread.run_id) is thread

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
        """End a run at the next place that it can go on from, in line but nobody's; see `RunStore.put_off`. Nobody
        works it until it is put in line again, on no other machine either."""
        if thread := self._threads.get(run_id):
            thread.end("later", withdraw=True)

    def drain(self) -> dict[int, list[Said]]:
        """What happened since the last call, per run that had something: first `Now`, last `Left`."""
        return self._mailbox.take()

    def active(self) -> list[int]:
        """Ids of the runs that wait, work or are paused, in the order they were put in line."""
        with self._lock:
            return list(self._threads)

    def state(self, run_id: int) -> RunState | None:
        """What an active run does now (queued, running, paused); None when the queue no longer has it."""
        thread = self._threads.get(run_id)
        return thread.state if thread else None

    def is_busy(self) -> bool:
        return bool(self.active())

    def here(self) -> list[int]:
        """Of the active runs those that this machine works itself."""
        with self._lock:
            return [run_id for run_id, thread in self._threads.items() if thread.is_here]

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
        late = [thread for thread in threads if self._holds(thread)]
        if how == "abandon" and late:
            self._settle_late(late)
        ended = not any(thread.is_alive() for thread in threads)
        if self._cluster is not None and (ended or how == "abandon"):
            self._cluster.close(wait=timeout > 0)
        return ended

    def _settle_late(self, threads: list[RunThread]) -> None:
        # What cannot be written is marked by the next start.
        with suppress(ExperimentError), self._open() as store:
            for thread in threads:
                thread.settle(store)
