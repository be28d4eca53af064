"""Keeps what is known of the chosen run's test images up to date; they are read in the storage thread."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from engine.errors import ExperimentError
from storage.rows import RunRow
from ui.exploring.explorer import Explorer
from ui.exploring.reading import OWN, ExaminedRun, read_examined
from ui.parts import Parts


class ExploredRun:
    """`read` when a run's content was read; the newest question is answered. Of each run the set is remembered whose
    images were looked at last."""

    def __init__(self, parts: Parts, explorer: Explorer) -> None:
        self._parts, self._explorer = parts, explorer
        self._asked = self._answered = 0
        self._sets: dict[int, str] = {}
        self._run_id = -1  # that was read last; none where another was chosen
        self._to_bring = -1  # run whose images are to be scrolled to once they are there
        explorer.wanted.connect(self._change)

    @property
    def is_settled(self) -> bool:
        return self._asked == self._answered

    def read(self, row: RunRow) -> None:
        self._run_id = row.id
        self._ask(row.id)

    def look_at(self, run_id: int, data: str) -> None:
        """Show what this run said of a set, now or as soon as it is chosen."""
        self._to_bring, self._sets[run_id] = run_id, data
        if run_id == self._run_id:
            self._ask(run_id)

    def _change(self, run_id: int, data: str) -> None:
        self._sets[run_id] = data
        self._ask(run_id)

    def _ask(self, run_id: int) -> None:
        self._asked += 1
        number, data = self._asked, self._sets.get(run_id, OWN)
        self._parts.library.read(
            lambda store: read_examined(store, run_id, data), lambda found: self._take(found, number),
            failed=lambda error: self._fail(error, number),
        )  # fmt: skip

    def forget(self) -> None:
        """Another run was chosen, of which nothing is known yet."""
        self._run_id = -1
        self._asked += 1
        self._take(None, self._asked)

    def _take(self, found: ExaminedRun | None, number: int) -> None:
        if number != self._asked:
            return
        self._answered = number
        self._explorer.show_run(found)
        if found is not None and found.run_id == self._to_bring:
            self._to_bring = -1
            QTimer.singleShot(0, self._explorer, self._explorer.bring)  # once it has its place

    def _fail(self, error: ExperimentError, number: int) -> None:
        """The run's other parts say what is wrong with it."""
        self._take(None, number)
