"""What the program finds when it starts: runs that were cut off, runs that wait, studies that were going on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import StorageError
from ui.parts import Parts
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore, StudyRow

LONG = 3600.0  # seconds that the question stays


@dataclass
class LeftOver:
    """cut_off: runs whose program died just now; waiting: in line, but nobody's; studies: at work when it ended."""

    cut_off: list[RunRow]
    waiting: list[RunRow]
    studies: list[StudyRow] = field(default_factory=list)

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
    found = LeftOver(store.mark_interrupted(), store.waiting())
    for study_id in study_ids:
        with suppress(StorageError):  # deleted since
            found.studies.append(store.study(study_id))
    return found


def tell_left_over(parts: Parts) -> None:
    """Say it beside the pages, with a button that lets everything go on; nothing is asked where there is nothing."""
    study_ids = WindowMemory(parts.settings).studies_at_work()

    def tell(found: LeftOver) -> None:
        if found.words():
            action = "Continue" if found.runs() or found.studies else None
            level = "warning" if found.cut_off else "info"
            parts.toasts.show(found.words(), action, lambda: go_on(parts, found), level, LONG)

    parts.library.write(lambda store: read_left_over(store, study_ids), tell)


def go_on(parts: Parts, found: LeftOver) -> None:
    for study in found.studies:
        parts.navigator.open("studies", study.id)
    if runs := found.runs():
        parts.go_on(runs)
        parts.navigator.open("runs", runs[0])
