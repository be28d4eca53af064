"""Keeps the picture of the chosen run's tasks up to date; the disk and the images are read in the background."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import CheckpointSaved, Event
from engine.families import named
from ui.parts import Parts
from ui.runs.detail import RunDetail
from ui.runs.run_now import RunNow
from ui.runs.task_reading import ShownTasks, reading

KEY = "tasks"  # of the question to the background, and kind of the file that a run announces


class TaskWatch:
    """`read` when another run is chosen or the page appears, `hear` what a run says."""

    def __init__(self, parts: Parts, detail: RunDetail) -> None:
        self._parts, self._detail = parts, detail
        self._wanted = -1

    def hear(self, now: RunNow | None, events: Sequence[Event]) -> None:
        if any(isinstance(event, CheckpointSaved) and event.kind == KEY for event in events):
            self.read(now)

    def read(self, now: RunNow | None) -> None:
        """Ask for the picture of this run; the newest question is answered. Other methods have none."""
        if now is None or named(now.row.family).divides != "classes":
            self._wanted = -1
            self._parts.background.cancel(KEY)
            return
        row, shown = now.row, self._detail.tasks.shown
        self._wanted = row.id
        known = shown.images if shown is not None and shown.run_id == row.id else {}
        folder = self._parts.workspace.runs / row.uid
        self._parts.background.run(reading(row.id, folder, row.experiment, known), self._take, key=KEY)

    def _take(self, found: ShownTasks | None) -> None:
        if found is not None and found.run_id == self._wanted:
            self._detail.show_tasks(found)
