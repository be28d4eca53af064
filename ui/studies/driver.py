"""Keeps the studies of this window going: whenever a run ends, the storage thread puts the next one in line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import ExperimentError
from engine.events import MACHINE, RunState
from engine.studies.study import Study
from engine.work.study import Progress, StudyRunner
from ui.parts import Parts
from ui.studies.reading import grid, progress_words
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from storage.store import RunStore

AT_WORK = (RunState.RUNNING, RunState.PAUSED)
BEAT_MS = 250  # between two looks at a study at work, besides those when a run of it begins or ends


class StudyDriver(QObject):
    """changed(study id): it was started, paused, stopped, or a run of it ended. A study's runner is only touched in the
    storage thread, one call after the other."""

    changed = Signal(int)

    def __init__(self, parts: Parts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._runners: dict[int, StudyRunner] = {}
        self._starting: set[int] = set()
        self._seen: dict[int, tuple[Progress, list[int], list[str]]] = {}  # study id -> what was told last
        self._pulse = QTimer(self, interval=BEAT_MS)
        self._pulse.timeout.connect(self._beat)
        parts.live.state.connect(lambda *_: self._feed_all())

    def word(self, study_id: int) -> str:
        """What this window does with a study: "starting", "working", "ending" (after a pause or stop) or ""."""
        if study_id in self._starting:
            return "starting"
        runner = self._runners.get(study_id)
        return "" if runner is None else "working" if runner.feeding else "ending"

    def machines(self, study_id: int) -> list[str]:
        """Of the cluster: for each run of the study that one works now, its name."""
        return self._seen[study_id][2] if study_id in self._seen else []

    def start(self, study_id: int) -> None:
        """Check the study, then begin it or go on with it; what is wrong is told in a sentence."""
        if self.word(study_id) in ("starting", "working"):
            return
        self._starting.add(study_id)
        self.changed.emit(study_id)

        def read(store: RunStore) -> tuple[str, str]:
            row = store.study(study_id)
            return row.spec, row.title

        self._parts.library.read(read, lambda found: self._check(study_id, *found), lambda e: self._refuse(study_id, e))

    def _check(self, study_id: int, spec: str, title: str) -> None:
        def look(cancelled: Callable[[], bool]) -> Study:
            from engine.studies.checks import check_study

            study, _ = grid(spec, title)
            check_study(study, cancelled)
            return study

        key = f"study {study_id}"
        self._parts.background.run(
            look, lambda _: self._begin(study_id, spec, title), lambda e: self._pass_over(study_id, spec, title, e), key
        )

    def _pass_over(self, study_id: int, spec: str, title: str, error: Exception) -> None:
        """A check that itself breaks keeps no study from beginning."""
        if isinstance(error, ExperimentError):
            self._refuse(study_id, error)
        else:
            self._parts.background.crashed.emit(error)
            self._begin(study_id, spec, title)

    def _refuse(self, study_id: int, error: ExperimentError) -> None:
        self._starting.discard(study_id)
        self.changed.emit(study_id)
        self._parts.toasts.show(f"Not started. {error}", level="error", seconds=20)

    def _begin(self, study_id: int, spec: str, title: str) -> None:
        self._starting.discard(study_id)
        study, wanted = grid(spec, title)
        runner = self._runners.get(study_id)
        if runner is None or runner.cells != wanted:
            runner = self._runners[study_id] = StudyRunner(self._parts.queue, study_id, study, wanted)
        self._pulse.start()
        runner.feeding = True
        self._remember()
        self._ask(runner, StudyRunner.start)

    def _remember(self) -> None:
        """Which studies the next start asks about."""
        at_work = [study_id for study_id, runner in self._runners.items() if runner.feeding]
        WindowMemory(self._parts.settings).set_studies_at_work(at_work)

    def pause(self, study_id: int) -> None:
        """Let the run at work end and start no other."""
        if runner := self._runners.get(study_id):
            runner.feeding = False
            self._remember()
            self._ask(runner, StudyRunner.pause)

    def stop(self, study_id: int) -> None:
        """End the runs at work at once; they are done again when the study goes on."""
        if runner := self._runners.get(study_id):
            runner.feeding = False
            self._remember()
            self._ask(runner, StudyRunner.stop)

    def _ask(self, runner: StudyRunner, first: Callable[[StudyRunner], None] | None = None) -> None:
        """In the storage thread: do `first`, then feed the queue."""

        def work(store: RunStore) -> tuple[Progress, list[int]]:
            if first is not None:
                first(runner)
            now = runner.feed(store)
            return now, runner.active()

        self._parts.library.read(work, lambda answer: self._fed(runner, *answer), lambda e: self._cannot(runner, e))
        if first is not None:
            self.changed.emit(runner.study_id)

    def _fed(self, runner: StudyRunner, now: Progress, active: list[int]) -> None:
        study_id = runner.study_id
        if active:
            self._parts.live.wake()
        if runner.is_over(now) and not active:
            self._end(runner, now)
        told = now, active, self._at(active)
        if study_id in self._runners and self._seen.get(study_id) != told:
            self._seen[study_id] = told
            if active:
                self._parts.library.announce(active)
            self.changed.emit(study_id)

    def _at(self, run_ids: Sequence[int]) -> list[str]:
        """The machines of the cluster that work these runs now."""
        runs = [run for run_id in run_ids if (run := self._parts.live.buffer(run_id)) is not None]
        return sorted(str(run.facts[MACHINE]) for run in runs if run.state in AT_WORK and MACHINE in run.facts)

    def _end(self, runner: StudyRunner, now: Progress) -> None:
        """Nothing is in line and nothing will be."""
        if self._runners.pop(runner.study_id, None) is None:
            return
        self._seen.pop(runner.study_id, None)
        self._remember()
        if not self._runners:
            self._pulse.stop()
        if runner.feeding:
            self._tell_end(runner, now)
        self.changed.emit(runner.study_id)

    def _cannot(self, runner: StudyRunner, error: ExperimentError) -> None:
        """The disk is full, or the program is closing."""
        runner.feeding = False
        for known in (self._runners, self._seen):
            known.pop(runner.study_id, None)
        self._parts.library.failed.emit(error)
        self.changed.emit(runner.study_id)

    def _tell_end(self, runner: StudyRunner, now: Progress) -> None:
        title = runner.study.title
        ended = "is finished" if now.finished == now.total else "has ended"
        level = "info" if now.finished == now.total else "warning"
        words = f"“{title}” {ended}: {progress_words(now)}."
        self._parts.toasts.show(words, "Show", lambda: self._parts.navigator.open("studies"), level)

    def _feed_all(self) -> None:
        """A run began, so the one before it has left the line, or one ended."""
        for runner in list(self._runners.values()):
            self._ask(runner)

    def _beat(self) -> None:
        """Look again: a run's last word comes before its thread leaves the line, and no signal follows the last."""
        if not self._runners or self._parts.queue.is_closed():
            self._pulse.stop()
        else:
            self._feed_all()
