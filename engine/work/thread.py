"""The thread that keeps one run of the queue, from its turn in line to its last word; and the lines to be in, each in
front of a place that works one run at a time."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from engine.errors import ExperimentError
from engine.events import (
    EVERY_GPU,
    IN_LINE,
    LIVE_STATES,
    Event,
    IllegalTransition,
    Preparing,
    ResumePoint,
    RunFailed,
    RunStarted,
    RunState,
    RunStopped,
)
from engine.work.recorder import Now, Recorder, Run, Said, SavedPast, past
from engine.work.worker import Job, Worker

ENDS = ("", "stop", "later", "abandon", "discard")  # how a run may be ended, the harsher later
HEARTBEAT = 1.0  # seconds between two signs of life of a run that waits or is paused

AnyStore = Recorder[Any]
Open = Callable[[], AbstractContextManager[AnyStore]]


class RunThread(threading.Thread):
    """Waits for the run's turn, lets its worker work, saves what it says and hands it on. Daemon: a killed program
    leaves its run interrupted.

    open_: the store of this thread. deliver: called with all that is said, in this thread. left: called with this
    thread at its end.
    """

    def __init__(
        self, run: Run, job: Job, worker: Worker, turn: Turn, open_: Open,
        deliver: Callable[[Said], None], left: Callable[[RunThread], None],
    ) -> None:  # fmt: skip
        super().__init__(name=f"run {run.id}", daemon=True)
        self.run_id = run.id
        self.state = RunState.QUEUED
        self._job, self._worker, self._turn = job, worker, turn
        self._open, self._deliver, self._left = open_, deliver, left
        self._running = threading.Event()
        self._running.set()
        self._ending = ""  # one of ENDS
        self._put_off = self._begun = False

    @property
    def is_here(self) -> bool:
        """Whether this machine works it."""
        return not self._worker.host

    def pause(self) -> None:
        if self.state is RunState.RUNNING:
            self._running.clear()
            self._worker.say("pause")

    def resume(self) -> None:
        self._worker.say("resume")
        self._running.set()

    def end(self, how: str, withdraw: bool = False) -> None:
        """how: "stop" (evaluate and keep), "later" (put off), "discard" or "abandon"; a later call may be harsher.
        withdraw: nobody is to work a run that is put off; else one that is worked elsewhere goes on there."""
        if ENDS.index(how) > ENDS.index(self._ending):
            self._ending = how
            self._worker.say("withdraw" if withdraw and not self.is_here else how)  # type: ignore[arg-type]
        self._put_off = self._put_off or how == "later" or (how == "abandon" and self.state is RunState.QUEUED)
        self._running.set()
        self._turn.give_up()

    def run(self) -> None:
        """Wait for the turn, work, and leave the line whatever happens."""
        try:
            with self._open() as store:
                self._work(store)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: a bug becomes a failed run instead of silence
            if not (self._ending and isinstance(error, IllegalTransition)):  # else its last state is given already
                self._deliver(_failure(error))
        finally:
            self._turn.leave()
            self._left(self)

    def _work(self, store: AnyStore) -> None:
        if self._turn.wait():
            if self.is_here:
                self._show(store, RunState.RUNNING)
            self._train(store)
        if self._ending == "discard":
            self._settle(store, RunState.STOPPED)
            store.delete([self.run_id])
        elif self._ending in ("later", "abandon"):
            self.settle(store)
        elif self._ending == "stop" and self.state is RunState.QUEUED:
            self._settle(store, RunState.STOPPED)

    def _train(self, store: AnyStore) -> None:
        known = tuple(store.formulations(self.run_id))
        job = replace(self._job, known=known, heard=store.heard(self.run_id) if self._worker.host else None)
        if job.heard is not None and (began := store.began(self.run_id)) is not None:
            self._turn_to(RunState.RUNNING)
            self._begin(store, began)  # it goes on elsewhere, and has said so already
        said, elsewhere = self._without_end(self._worker.start(job)), () if self.is_here else (self._worker.heard,)
        with closing(store.record(self.run_id, said, *elsewhere)) as saved:  # type: ignore[type-var]
            self._pass_on(store, saved)

    def _without_end(self, events: Iterator[Event]) -> Iterator[Event]:
        """A run that is put off has no last word: where it would stop is a place like any other."""
        with closing(events):  # type: ignore[type-var]
            for event in events:
                if isinstance(event, RunStopped) and self._ending == "later":
                    event = ResumePoint.nothing(event.step)
                yield event

    def _pass_on(self, store: AnyStore, recorded: Iterator[Event]) -> None:
        heard = self._worker.heard()
        for event in recorded:
            if isinstance(event, ResumePoint) and self._ending == "later":
                return
            if heard is not (heard := self._worker.heard()):
                if self.state is not RunState.RUNNING:
                    self._turn_to(RunState.RUNNING)
            elif event == Preparing(IN_LINE):
                self._turn_to(RunState.QUEUED)
            if isinstance(event, RunStarted):
                self._begin(store, event)
            else:
                self._deliver(event)
            if not self._running.is_set():
                self._wait_while_paused(store)
            if self._ending in ("discard", "abandon"):
                return

    def _begin(self, store: AnyStore, started: RunStarted) -> None:
        """A run that goes on is shown with what is saved of it, one that begins anew elsewhere with nothing."""
        if started.note is not None:
            self._deliver(past(store, self.run_id, started))
        elif self._begun:
            self._deliver(SavedPast({}, (), (), 0.0))
        self._begun = True
        self._deliver(started)

    def _wait_while_paused(self, store: AnyStore) -> None:
        self._show(store, RunState.PAUSED)
        while not self._running.wait(HEARTBEAT):
            store.beat(self.run_id)
        if self._ending not in ("discard", "abandon"):
            self._show(store, RunState.RUNNING)

    def _show(self, store: AnyStore, state: RunState) -> None:
        store.set_state(self.run_id, state)
        self.state = state
        self._deliver(Now(state))

    def _turn_to(self, state: RunState) -> None:
        """A run that is worked elsewhere has come into line there, or is at work; for the database it is at work from
        when it was ordered."""
        if self.state not in (state, RunState.PAUSED):
            self.state = state
            self._deliver(Now(state))

    def _settle(self, store: AnyStore, state: RunState) -> None:
        """Give a run that was cut off its last state, unless it reached one by itself."""
        if store.run(self.run_id).state in LIVE_STATES:
            store.set_state(self.run_id, state)
            self.state = state

    def settle(self, store: AnyStore) -> None:
        """Leave a run that was cut off in line for another time, or interrupted; one that may be worked elsewhere
        meanwhile always the former."""
        if self._put_off or not self.is_here:
            store.put_off(self.run_id)
        else:
            self._settle(store, RunState.INTERRUPTED)


def _failure(error: Exception) -> RunFailed:
    if isinstance(error, ExperimentError):
        return RunFailed("experiment", error.message, error.advice)
    text = "".join(traceback.format_exception(error))
    message = "The run ended because of a mistake in the program."
    return RunFailed("bug", message, "Copy the details and report it.", text)


@dataclass(frozen=True)
class Place:
    """host: the machine, "" for this one. device: "cpu", "cuda:0", …; elsewhere the run itself, which stands in line
    there."""

    host: str
    device: str

    def meets(self, other: Place) -> bool:
        """Whether one waits for the other: at the same place, or where one wants every GPU and the other has one."""
        gpus = self.host == other.host and self.device.startswith("cuda") and other.device.startswith("cuda")
        return self == other or (gpus and EVERY_GPU in (self.device, other.device))


class Lines:
    """The lines of all places. Safe from any thread."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._turns: list[Turn] = []  # of all, as they came

    def join(self, place: Place) -> Turn:
        """Get in line, last."""
        with self._moved:
            turn = Turn(self._moved, self._turns, place)
            self._turns.append(turn)
            return turn


class Turn:
    """Somebody's place in one line, which are those before it who meet it."""

    def __init__(self, moved: threading.Condition, turns: list[Turn], place: Place) -> None:
        self._moved, self._turns, self.place = moved, turns, place
        self._given_up = False

    def wait(self) -> bool:
        """Block until this is the first in line; False as soon as it is given up."""
        with self._moved:
            self._moved.wait_for(lambda: self._given_up or self._is_first())
            return not self._given_up

    def _is_first(self) -> bool:
        before = takewhile(lambda one: one is not self, self._turns)
        return not any(one.place.meets(self.place) for one in before)

    def give_up(self) -> None:
        """Wait no longer."""
        with self._moved:
            self._given_up = True
            self._moved.notify_all()

    def leave(self) -> None:
        """Make room for the next."""
        with self._moved:
            self._turns.remove(self)
            self._moved.notify_all()
