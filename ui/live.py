"""What the active runs do right now, kept in memory: curves, progress, time left. One timer, 15 times a second."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.events import (
    LIVE_STATES,
    MACHINE_LOST,
    CheckpointSaved,
    EpochCompleted,
    Evaluated,
    Metrics,
    Notice,
    Preparing,
    RunFailed,
    RunFinished,
    RunStarted,
    RunState,
    RunStopped,
    TrialCompleted,
)  # fmt: skip
from engine.work.queue import RunQueue
from engine.work.recorder import Left, Now, Said, SavedPast
from ui.library import Library
from ui.remaining import Remaining

if TYPE_CHECKING:
    from ui.growing_curve import GrowingCurve

INTERVAL_MS = 66
KEPT_ENDED = 3  # runs that have ended and are still whole in memory; the others are in the database
_LAST_STATE = {RunFinished: RunState.FINISHED, RunStopped: RunState.STOPPED, RunFailed: RunState.FAILED}


@dataclass
class LiveRun:
    """One run since it was put in line. `activity` says what it prepares ("Reading images"), `fraction` how far."""

    run_id: int
    state: RunState = RunState.QUEUED
    activity: str = ""
    fraction: float | None = None
    step: int = 0
    epoch: int = 0
    total_steps: int = 0
    steps_per_epoch: int = 0
    examples_per_step: int = 0
    minutes: float = 0.0  # of a run whose time counts, not its steps
    facts: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, GrowingCurve] = field(default_factory=dict)
    messages: list[Notice] = field(default_factory=list)
    results: list[Evaluated] = field(default_factory=list)
    checkpoints: dict[str, CheckpointSaved] = field(default_factory=dict)
    trials: list[TrialCompleted] = field(default_factory=list)
    failure: RunFailed | None = None
    started: float | None = None  # monotonic seconds of RunStarted
    ended: float | None = None
    forgotten: bool = False
    lost: bool = False  # the machine that worked it was, and it has not begun again since
    _paused_at: float | None = None
    _paused: float = 0.0
    _searched: float = 0.0  # seconds until the last trial, before the run's own steps
    _before: float = 0.0  # seconds of training before it went on here
    _remaining: Remaining = field(default_factory=lambda: Remaining(0))

    def elapsed(self) -> float:
        """Seconds of training so far, pauses left out; 0 before the first step."""
        if self.started is None:
            return 0.0
        now = self.ended or self._paused_at or time.monotonic()
        return max(0.0, now - self.started - self._paused)

    def progress(self) -> float | None:
        """0..1 of the time that training takes or is given; None while it is not known."""
        if self.minutes:
            return min(1.0, self.elapsed() / (60 * self.minutes))
        return self._remaining.fraction(self._trained()) if self.total_steps else None

    def seconds_left(self) -> float | None:
        """Estimate from this run's own steps, or from how far its search is; None before enough of them are done."""
        if self.trials and self.step == 0 and self.activity and self.fraction:
            return self.elapsed() * (1 - self.fraction) / self.fraction
        if self.minutes and self.started is not None:
            return max(0.0, 60 * self.minutes - self.elapsed())
        if not self.step or not self.total_steps:
            return None
        return self._remaining.seconds_left(self._trained())

    def _trained(self) -> float:
        """Seconds of the run's own steps, those of its search left out."""
        return self.elapsed() - self._searched

    def set_state(self, state: RunState) -> None:
        now = time.monotonic()
        if state is RunState.PAUSED and self._paused_at is None:
            self._paused_at = now
        elif state is not RunState.PAUSED and self._paused_at is not None:
            self._paused += now - self._paused_at
            self._paused_at = None
        self.state = state

    def add(self, event: Said) -> None:
        """Take one event in."""
        match event:
            case Now():
                self.set_state(event.state)
            case SavedPast():
                self._remember(event)
            case RunStarted():
                self._start(event)
            case Metrics():
                self._measure(event)
            case EpochCompleted():
                self.epoch, self.step = event.epoch, max(self.step, event.step)
                self._remaining.reach(self.step, self._trained())
            case Preparing():
                self.activity, self.fraction = event.text, event.fraction
                self.lost = self.lost or event.text == MACHINE_LOST
            case Notice():
                self.messages.append(event)
            case Evaluated():
                self.results.append(event)
            case TrialCompleted():
                self.trials.append(event)
                self._searched = self.elapsed()
            case CheckpointSaved():
                self.checkpoints[event.kind] = event
            case RunFinished() | RunStopped() | RunFailed():
                self._end(event)
            case Left() if self.ended is None:  # discarded, put off, or taken out before its turn
                self._end(RunStopped(self.step))

    def _start(self, event: RunStarted) -> None:
        self.total_steps, self.steps_per_epoch = event.total_steps, event.steps_per_epoch
        self.examples_per_step, self.minutes, self.facts = event.examples_per_step, event.minutes, dict(event.facts)
        self._remaining = Remaining(event.total_steps, event.phases)
        self.step, self.lost = event.step, False
        self.started, self.activity, self.fraction = time.monotonic() - self._before, "", None
        self.set_state(RunState.RUNNING)

    def _remember(self, past: SavedPast) -> None:
        """The run goes on: its curves, its clock and its trials too."""
        from ui.growing_curve import GrowingCurve

        self.curves = {name: GrowingCurve.of(curve) for name, curve in past.curves.items() if len(curve)}
        self.results, self.trials, self._before = list(past.results), list(past.trials), past.seconds
        own = self.curves.get("train/loss")
        if self.trials:
            self._searched = past.seconds if own is None else float(own.times[0])

    def _measure(self, event: Metrics) -> None:
        from ui.growing_curve import GrowingCurve

        self.step, self.activity, self.fraction = max(self.step, event.step), "", None
        seconds = self.elapsed()
        self._remaining.reach(self.step, seconds - self._searched)
        for name, value in event.values.items():
            if name not in self.curves:
                self.curves[name] = GrowingCurve()
            self.curves[name].append(event.step, seconds, value)

    def forget(self) -> None:
        """Let go of what the database has: curves, figures, messages; how it ended stays."""
        for held in (self.curves, self.messages, self.results, self.checkpoints, self.trials):
            held.clear()
        self.facts, self._remaining, self.forgotten = {}, Remaining(0), True

    def _end(self, event: RunFinished | RunStopped | RunFailed) -> None:
        self.set_state(_LAST_STATE[type(event)])
        self.ended, self.activity, self.fraction, self.lost = time.monotonic(), "", None, False
        self.failure = event if isinstance(event, RunFailed) else None


class Live(QObject):
    """Hands the queue's news to the pages. The timer rests while nothing is queued or running.

    events(run id, list of events): after the events are in `buffer(run id)`. state(run id, RunState): queued, running,
    paused and the last state. engine_ready: torch is imported, costs and runs start without that delay.
    """

    events = Signal(int, object)
    state = Signal(int, object)
    engine_ready = Signal()

    def __init__(self, queue: RunQueue, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._library = library
        self._runs: dict[int, LiveRun] = {}
        self.is_engine_ready = False
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.tick)
        self.engine_ready.connect(self._note_engine)

    def buffer(self, run_id: int) -> LiveRun | None:
        """The run's memory, from when it was put in line; of runs that have ended only the last few are whole. None for
        runs of earlier days."""
        return self._runs.get(run_id)

    def active(self) -> list[int]:
        """Runs that have not said their last word; a thread may still be tidying up after it."""
        return [run_id for run_id, run in self._runs.items() if run.state in LIVE_STATES]

    def wake(self) -> None:
        """Look now and go on looking; called after a run was put in line."""
        self.tick()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def tick(self) -> None:
        """Take what the runs' threads left, tell the pages, and re-read rows whose state changed."""
        busy = self._queue.is_busy()
        news = self._queue.drain()
        changed = {run_id for run_id, said in news.items() if self._take(run_id, said)}
        if changed:
            self._library.announce(changed)
            self._forget()
        if not busy and not news:
            self._timer.stop()

    def _take(self, run_id: int, news: list[Said]) -> bool:
        """Add the events; True if the row should be read again. Progress is not a reason: it is in memory here."""
        run = self._runs.get(run_id)
        before = None if run is None else run.state
        for said in news:
            if run is None or (isinstance(said, Now) and said.state is RunState.QUEUED):  # it may have been here before
                run = self._runs[run_id] = LiveRun(run_id, lost=run is not None and run.lost)
            run.add(said)
        assert run is not None
        self.events.emit(run_id, news)
        if run.state is not before:
            self.state.emit(run_id, run.state)
        return run.state is not before or any(isinstance(said, Evaluated) for said in news)

    def _forget(self) -> None:
        """A night of runs would otherwise be held twice, here and in the database."""
        ended = {run_id: run for run_id, run in self._runs.items() if run.ended is not None and not run.forgotten}
        for run_id in sorted(ended, key=lambda run_id: ended[run_id].ended or 0.0)[:-KEPT_ENDED]:
            ended[run_id].forget()

    def when_ready(self, work: Callable[[], object]) -> None:
        """Now, or once the engine is loaded."""
        if self.is_engine_ready:
            work()
        else:
            self.engine_ready.connect(work, Qt.ConnectionType.SingleShotConnection)

    def _note_engine(self) -> None:
        self.is_engine_ready = True
