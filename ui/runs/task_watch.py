"""Keeps the pictures of the chosen run up to date: a meta-learner's tasks, what is made of images without labels. The
disk and the images are read in the background."""

from __future__ import annotations

from collections.abc import Sequence

from engine.events import CheckpointSaved, Event
from engine.families import named
from engine.pretraining.album import FILE, KIND, Album
from ui.parts import Parts
from ui.runs.detail import RunDetail
from ui.runs.look_view import ShownAlbum
from ui.runs.run_now import RunNow
from ui.runs.task_reading import ShownTasks, reading

KEY = "tasks"  # of the question to the background, and kind of the file that a run announces


class TaskWatch:
    """`read` when another run is chosen or the page appears, `hear` what a run says."""

    def __init__(self, parts: Parts, detail: RunDetail) -> None:
        self._parts, self._detail = parts, detail
        self._wanted = -1

    def hear(self, now: RunNow | None, events: Sequence[Event]) -> None:
        if any(isinstance(event, CheckpointSaved) and event.kind in (KEY, KIND) for event in events):
            self.read(now)

    def read(self, now: RunNow | None) -> None:
        """Ask for the pictures of this run; the newest question is answered. Other methods have none."""
        self._wanted = -1 if now is None else now.row.id
        tasks = now is not None and named(now.row.family).divides == "classes"
        pictures = now is not None and named(now.row.family).pictured
        for key, asked in ((KEY, tasks), (KIND, pictures)):
            if not asked:
                self._parts.background.cancel(key)
        if now is not None and tasks:
            self._read_tasks(now)
        if now is not None and pictures:
            self._read_album(now)

    def _read_tasks(self, now: RunNow) -> None:
        row, shown = now.row, self._detail.tasks.shown
        known = shown.images if shown is not None and shown.run_id == row.id else {}
        folder = self._parts.workspace.runs / row.uid
        self._parts.background.run(reading(row.id, folder, row.experiment, known), self._take, key=KEY)

    def _take(self, found: ShownTasks | None) -> None:
        if found is not None and found.run_id == self._wanted:
            self._detail.show_tasks(found)

    def _read_album(self, now: RunNow) -> None:
        run_id, path = now.row.id, self._parts.workspace.runs / now.row.uid / FILE
        self._parts.background.run(
            lambda _: Album.load(path), lambda album: self._take_album(run_id, album), key=KIND
        )  # fmt: skip

    def _take_album(self, run_id: int, album: Album | None) -> None:
        if album is not None and album.looks and run_id == self._wanted:
            self._detail.show_album(ShownAlbum(run_id, album))
