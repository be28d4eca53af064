"""What the program finds when it starts: runs that were cut off, runs that wait, studies that were going on."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import StorageError
from engine.events import CLUSTER, RunState
from ui.parts import Parts
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore, StudyRow

LONG = 3600.0  # seconds that the question stays


@dataclass
class LeftOver:
    """cut_off: runs whose program died just now; waiting: in line, but nobody's; studies: at work when it ended.
    elsewhere, studies_elsewhere: of both those that the cluster may have gone on with; of_studies: runs of the latter
    that were at work or in line."""

    cut_off: list[RunRow]
    waiting: list[RunRow]
    studies: list[StudyRow] = field(default_factory=list)
    elsewhere: list[int] = field(default_factory=list)
    studies_elsewhere: list[int] = field(default_factory=list)
    of_studies: list[int] = field(default_factory=list)

    def runs(self) -> list[int]:
        """Those that may go on by themselves, the oldest first."""
        return sorted(row.id for row in (*self.cut_off, *self.waiting) if row.study_id is None and not row.archived)

    def words(self) -> str:
        """ "“a” was interrupted when the program ended. What was saved is kept. 3 runs wait: continue?" """
        said = []
        if self.cut_off:
            what = _named(self.cut_off[0].name, len(self.cut_off), "was", "runs were")
            said.append(f"{what} interrupted when the program ended. What was saved is kept.")
        if self.waiting:
            said.append(f"{_named(self.waiting[0].name, len(self.waiting), 'waits', 'runs wait')}: continue?")
        if self.studies:
            what = _named(self.studies[0].title, len(self.studies), "is", "studies are")
            said.append(f"{what} unfinished: continue?")
        return " ".join(said)


def _named(name: str, number: int, one: str, several: str) -> str:
    return f"“{name}” {one}" if number == 1 else f"{number} {several}"


def read_left_over(store: RunStore, study_ids: list[int]) -> LeftOver:
    """Marks the runs of dead processes; for the storage thread."""
    dead, waiting = store.mark_interrupted(), store.waiting()
    found = LeftOver([row for row in dead if _is_here(row)], [row for row in waiting if _is_here(row)])
    loose = [row for row in (*dead, *waiting) if row.study_id is None and not row.archived]
    found.elsewhere = sorted({row.id for row in loose if not _is_here(row)})
    for study_id in study_ids:
        with suppress(StorageError):  # deleted since
            _sort_study(store, store.study(study_id), found)
    return found


def _is_here(row: RunRow) -> bool:
    return row.experiment.device != CLUSTER


def _sort_study(store: RunStore, study: StudyRow, found: LeftOver) -> None:
    """A study on the cluster goes on without a question: its runs did so too."""
    if json.loads(study.spec).get("device") != CLUSTER:
        found.studies.append(study)
        return
    found.studies_elsewhere.append(study.id)
    runs = store.study_runs(study.id)
    found.of_studies += [run.id for run in runs if run.state is RunState.INTERRUPTED]


def tell_left_over(parts: Parts) -> None:
    """Say it beside the pages, with a button that lets everything go on; nothing is asked where there is nothing. What
    the cluster went on with is followed again once the engine is loaded."""
    study_ids = WindowMemory(parts.settings).studies_at_work()

    def tell(found: LeftOver) -> None:
        if found.words():
            action = "Continue" if found.runs() or found.studies else None
            level = "warning" if found.cut_off else "info"
            parts.toasts.show(found.words(), action, lambda: go_on(parts, found), level, LONG)
        if found.elsewhere or found.studies_elsewhere:
            parts.live.when_ready(lambda: follow_again(parts, found))

    parts.library.write(lambda store: read_left_over(store, study_ids), tell)


def follow_again(parts: Parts, found: LeftOver) -> None:
    from ui.window.came_back import CameBack

    CameBack(parts, found.elsewhere, found.studies_elsewhere, found.of_studies)


def go_on(parts: Parts, found: LeftOver) -> None:
    for study in found.studies:
        parts.navigator.open("studies", study.id)
    if runs := found.runs():
        parts.go_on(runs)
        parts.navigator.open("runs", runs[0])
