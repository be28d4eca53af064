"""Feeds a study to the queue, a few runs at a time. No thread: whoever shows the study asks it to go on.

    while runner.feed(store): wait until one of its runs has ended

What is finished is known from the database alone, so a study goes on after a crash where it was: finished cells are
never run again, an interrupted run goes on where it was, and the table is that of an uninterrupted study.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from engine.errors import RunTaken
from engine.events import LIVE_STATES, RunState
from engine.studies.cells import Cell, cell_name, cells, from_source, next_cell
from engine.studies.study import Study
from engine.work.queue import RunQueue, new_run
from engine.work.recorder import Known, Registry, Run, SavedRun

AHEAD = 1  # runs of one study in the queue besides those at work: the next one waits where a present one works


class SavedCell(Known, Protocol):
    """A saved run of a study. cell: the key of its place there."""

    @property
    def cell(self) -> str: ...


class StudyRegistry(Registry[SavedRun], Protocol[SavedRun]):
    """Where studies and their runs are saved."""

    def run(self, key: int | str) -> SavedRun: ...
    def study_runs(self, study_id: int) -> Sequence[SavedCell]: ...


@dataclass(frozen=True)
class Progress:
    """Runs of the grid. left: not finished, failed or in line; blocked: of those, the ones whose source failed."""

    total: int
    finished: int
    in_line: int
    failed: int
    blocked: int

    @property
    def left(self) -> int:
        return self.total - self.finished - self.in_line - self.failed


class StudyRunner:
    """One study at work in this process. A failed cell is tried again once for each `start`, not by itself."""

    def __init__(
        self, queue: RunQueue, study_id: int, study: Study, wanted: tuple[Cell, ...] = (),
        forced: Mapping[str, int | str] = {},
    ) -> None:  # fmt: skip
        """wanted: the study's cells, where they are known already. forced: what the runs that it begins are computed
        by; those that go on are computed as they began."""
        self.study_id, self.study = study_id, study
        self.cells = wanted or cells(study)
        self.feeding = False
        self._queue, self._forced = queue, forced
        self._given: set[str] = set()  # cells put in line since `start`: a failure among them is not tried again
        self._mine: set[int] = set()  # ids of the runs put in line here

    def start(self) -> None:
        """Begin, or go on after a pause or a stop: what failed before is tried once more."""
        self.feeding = True
        self._given.clear()

    def pause(self) -> None:
        """Let the run at work end and put nothing more in line; the one that waits leaves the line."""
        self.feeding = False
        self._interrupt(run_id for run_id in self._mine if self._queue.state(run_id) is RunState.QUEUED)

    def stop(self) -> None:
        """End the runs in the queue at once, where they can go on; they do when the study does."""
        self.feeding = False
        self._interrupt(self._mine)

    def _interrupt(self, run_ids: Iterable[int]) -> None:
        for run_id in list(run_ids):
            self._queue.put_off(run_id)

    def active(self) -> list[int]:
        """Ids of the runs that this put in line and that have not ended."""
        self._mine = {run_id for run_id in self._mine if self._queue.state(run_id) is not None}
        return sorted(self._mine)

    def feed(self, store: StudyRegistry[Any]) -> Progress:
        """Put in line what is next, as far as there is room; returns how far the study is."""
        runs = store.study_runs(self.study_id)
        open_ = self.feeding and not self._queue.is_closed()
        room = self._queue.places(self.study.device) + AHEAD
        while open_ and len(self.active()) < room and (cell := self._next(runs)) is not None:
            self._put_in_line(store, cell, runs)
            runs = store.study_runs(self.study_id)
        return self.progress(runs)

    def _next(self, runs: Sequence[SavedCell]) -> Cell | None:
        done, live, failed = states(runs)
        return next_cell(self.cells, done, live | (failed & self._given))

    def _put_in_line(self, store: StudyRegistry[Any], cell: Cell, runs: Sequence[SavedCell]) -> None:
        """Let the cell's interrupted run go on if it is of the same experiment, else begin a new one."""
        source = next((run.uid for run in runs if run.cell == cell.source and run.state is RunState.FINISHED), "")
        experiment = from_source(cell, source)
        found = [run.id for run in runs if run.cell == cell.key and run.state is RunState.INTERRUPTED]
        run: Run | None = store.run(found[-1]) if found else None
        try:
            if run is not None and run.experiment == experiment:
                run = self._queue.go_on(run.id, store)
            else:
                of = cell_name(self.study, cell), self.study.name, self.study_id, cell.key
                run = self._queue.submit(new_run(experiment, *of, self._forced), store)
        except RunTaken:
            return  # another program was quicker
        self._given.add(cell.key)
        self._mine.add(run.id)

    def drain(self) -> None:
        """Let go of what the runs said; for front ends that show a study by its cells alone."""
        self._queue.drain()

    def close(self) -> None:
        """End the queue; what it still works is left where it can go on."""
        self.feeding = False
        self._queue.close("later")

    def progress(self, runs: Sequence[SavedCell]) -> Progress:
        """How far the study is with these runs."""
        return progress(self.cells, runs)

    def is_over(self, now: Progress) -> bool:
        """True when nothing is in line and nothing more will be put there."""
        return not now.in_line and (not self.feeding or now.left == now.blocked)


def states(runs: Iterable[SavedCell]) -> tuple[set[str], set[str], set[str]]:
    """The cells that are finished, in line, and failed (and neither of the former)."""
    runs = list(runs)
    done = {run.cell for run in runs if run.state is RunState.FINISHED}
    live = {run.cell for run in runs if run.state in LIVE_STATES} - done
    failed = {run.cell for run in runs if run.state is RunState.FAILED} - done - live
    return done, live, failed


def progress(wanted: tuple[Cell, ...], runs: Iterable[SavedCell]) -> Progress:
    """Counts over the cells of the study; runs of cells that it no longer has are left out."""
    done, live, failed = states(runs)
    known = {cell.key for cell in wanted}
    blocked = [cell for cell in wanted if cell.source in failed and cell.key not in done | live | failed]
    return Progress(len(wanted), len(done & known), len(live & known), len(failed & known), len(blocked))
