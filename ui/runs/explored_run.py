"""Keeps what is known of the chosen run's test images up to date; they are read in the storage thread."""

from __future__ import annotations

from engine.errors import ExperimentError
from storage.rows import RunRow
from ui.exploring.explorer import Explorer
from ui.exploring.reading import ExaminedRun, read_examined
from ui.parts import Parts


class ExploredRun:
    """`read` when a run's content was read; the newest question is answered."""

    def __init__(self, parts: Parts, explorer: Explorer) -> None:
        self._parts, self._explorer = parts, explorer
        self._asked = self._answered = 0

    @property
    def is_settled(self) -> bool:
        return self._asked == self._answered

    def read(self, row: RunRow) -> None:
        self._asked += 1
        number, run_id = self._asked, row.id
        self._parts.library.read(
            lambda store: read_examined(store, run_id), lambda found: self._take(found, number),
            failed=lambda error: self._fail(error, number),
        )  # fmt: skip

    def forget(self) -> None:
        """Another run was chosen, of which nothing is known yet."""
        self._asked += 1
        self._take(None, self._asked)

    def _take(self, found: ExaminedRun | None, number: int) -> None:
        if number == self._asked:
            self._answered = number
            self._explorer.show_run(found)

    def _fail(self, error: ExperimentError, number: int) -> None:
        """The run's other parts say what is wrong with it."""
        self._take(None, number)
