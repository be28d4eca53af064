"""What other machines went on with while the window was closed: followed again by itself, and told in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer

from engine.events import (
    IN_LINE,
    LAST_EVENTS,
    LIVE_STATES,
    MACHINE_LOST,
    EpochCompleted,
    Evaluated,
    Metrics,
    Preparing,
    RunState,
)
from engine.work.recorder import Said
from ui.live import LiveRun
from ui.parts import Parts

PATIENCE_MS = 20_000  # after which is said what is known by then
SETTLE_MS = 2_500  # what a machine wrote meanwhile comes in pieces: how it ended may come after its figures
HEARD = (*LAST_EVENTS, Metrics, EpochCompleted, Evaluated)
SHOWN = 30.0  # seconds


@dataclass(frozen=True)
class WentOn:
    """Runs by what became of them. unheard: of which the cluster has not said anything. lost: of those that go on, the
    ones whose machine was lost."""

    finished: int
    failed: int
    ended: int
    at_work: int
    waiting: int
    unheard: int
    lost: int = 0

    def words(self) -> str:
        """ "12 runs went on while you were away: 7 are finished, 4 are at work, 1 waits. 1 of them lost its machine and
        goes on on another one." """
        parts = (
            (self.finished, "is finished", "are finished"), (self.failed, "failed", "failed"),
            (self.ended, "ended", "ended"), (self.at_work, "is at work", "are at work"),
            (self.waiting, "waits for a machine", "wait for a machine"),
            (self.unheard, "has not been heard of yet", "have not been heard of yet"),
        )  # fmt: skip
        total = sum(number for number, *_ in parts)
        named = "1 run" if total == 1 else f"{total} runs"
        if self.unheard == total:
            it = "It is" if total == 1 else "They are"
            return f"{named} went to the cluster, which has not answered yet. {it} followed again when it does."
        said = ", ".join(f"{number} {one if number == 1 else more}" for number, one, more in parts if number)
        return f"{named} went on while you were away: {said}.{self._losses(total)}"

    def _losses(self, total: int) -> str:
        if not self.lost:
            return ""
        who = "It" if total == 1 else f"{self.lost} of them"
        does = "lost its machine and goes on" if self.lost == 1 else "lost their machine and go on"
        return f" {who} {does} on another one."


def went_on(runs: Sequence[LiveRun | None], heard: int, lost: int = 0) -> WentOn:
    """heard: how many of those that have not ended have said something. lost: see `WentOn`."""
    known = [run for run in runs if run is not None]
    states = [run.state for run in known if run.state not in LIVE_STATES]
    waiting = sum(run.state is RunState.QUEUED and (run.lost or run.activity == IN_LINE) for run in known)
    finished, failed = states.count(RunState.FINISHED), states.count(RunState.FAILED)
    unheard = len(runs) - len(states) - waiting - heard
    return WentOn(finished, failed, len(states) - finished - failed, heard, waiting, unheard, lost)


class CameBack(QObject):
    """runs: that were ordered before and belong to no study; of_studies: that do, and studies: which. All are followed
    again; once each has been heard of, or after a while, that is told."""

    def __init__(self, parts: Parts, runs: Sequence[int], studies: Sequence[int], of_studies: Sequence[int]) -> None:
        super().__init__(parts.live)
        self._parts = parts
        self._runs, self._heard, self._lost = [*runs, *of_studies], set[int](), set[int]()
        self._timer = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._timer.timeout.connect(self._tell)
        if self._runs:  # of a study that was between two runs nothing is to be told
            parts.live.events.connect(self._hear)
            self._timer.start()
        if runs:
            parts.go_on(runs)
        for study in studies:
            parts.navigator.tell("studies", study)

    def _hear(self, run_id: int, news: list[Said]) -> None:
        if run_id not in self._runs:
            return
        if Preparing(MACHINE_LOST) in news:
            self._lost.add(run_id)
        if any(isinstance(said, HEARD) or said == Preparing(IN_LINE) for said in news):
            self._heard.add(run_id)
            if not self._timer.isActive():  # it was said that nothing is heard
                self._timer.start()
        if len(self._heard) == len(self._runs):
            self._settle()

    def _settle(self) -> None:
        """Of each something is heard: told at once where all have ended, else a little later."""
        runs = [self._parts.live.buffer(run_id) for run_id in self._runs]
        if all(run is not None and run.state not in LIVE_STATES for run in runs):
            self._tell()
        elif self._timer.interval() != SETTLE_MS:
            self._timer.start(SETTLE_MS)

    def _tell(self) -> None:
        """Once; where nothing was heard yet, that is said before."""
        self._timer.stop()
        runs = [self._parts.live.buffer(run_id) for run_id in self._runs]
        at_work = [
            run is not None and run.state in (RunState.RUNNING, RunState.PAUSED) and run_id in self._heard
            for run_id, run in zip(self._runs, runs, strict=True)
        ]
        lost = [one.run_id for one in runs if one is not None and one.state in LIVE_STATES and one.run_id in self._lost]
        words = went_on(runs, sum(at_work), len(lost)).words()
        first = min(lost, default=self._runs[0])
        show, level = lambda: self._parts.navigator.open("runs", first), "warning" if lost else "info"
        self._parts.toasts.show(words, "Show", show, level, SHOWN)
        if self._heard:
            self._parts.live.events.disconnect(self._hear)
            self.deleteLater()
