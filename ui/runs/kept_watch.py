"""Has it measured, in the background, what the chosen run still knows of the run it started from, and keeps that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.families import FINE_TUNING
from engine.work.recorder import SavedCurve
from ui.parts import Parts
from ui.runs.kept_view import KeptView

if TYPE_CHECKING:
    from engine.events import Evaluated
    from storage.rows import RunRow

KEY = "what it keeps"


class KeptWatch(QObject):
    """`show` when a run's content was read or grows, `forget` when another is chosen."""

    def __init__(self, parts: Parts, view: KeptView) -> None:
        super().__init__(view)
        self._parts, self._view = parts, view
        self._row: RunRow | None = None
        self._is_at_work = False
        view.measure_wanted.connect(self.measure)
        view.cancel_wanted.connect(self.cancel)

    @property
    def is_settled(self) -> bool:
        return not self._is_at_work

    def show(self, row: RunRow, curves: Mapping[str, SavedCurve], results: Sequence[Evaluated]) -> None:
        if self._row is None or self._row.id != row.id or not self._is_at_work:
            self._row, self._shown = row, (curves, tuple(results))
            self._view.show_run(curves, results, row.id, self._is_measurable(row))

    def forget(self) -> None:
        self._parts.background.cancel(KEY)
        self._row, self._is_at_work = None, False
        self._view.hide()

    def cancel(self) -> None:
        """It is as it was before it was measured."""
        row, self._is_at_work = self._row, False
        self._parts.background.cancel(KEY)
        if row is not None:
            self.show(row, *self._shown)

    @staticmethod
    def _is_measurable(row: RunRow) -> bool:
        """It has ended with a figure, and started from a saved run; whether that one has a head is seen then."""
        ended = not row.is_live and row.test is not None
        return ended and row.family == FINE_TUNING.key and row.experiment.backbone.weights.startswith("run:")

    def measure(self) -> None:
        if (row := self._row) is None or not self._parts.live.is_engine_ready:
            return
        self._is_at_work, folder = True, self._parts.workspace.runs / row.uid
        self._view.show_at_work("Asking it about the old classes…")

        def work(cancelled: Callable[[], bool]) -> Sequence[Evaluated]:
            from engine.forgetting.afterwards import kept_of_source

            return kept_of_source(folder, cancelled=cancelled)

        background = self._parts.background
        failed = background.saying(self._fail, "What it keeps could not be measured.")
        background.run(work, lambda found: self._take(row, found), failed, KEY, long=True)

    def _take(self, row: RunRow, found: Sequence[Evaluated]) -> None:
        """Kept with the run, whose content is read again then."""
        self._is_at_work = False
        self._parts.library.write(lambda store: store.keep_beside(row.id, found), runs=[row.id])

    def _fail(self, words: str) -> None:
        self._is_at_work = False
        self._view.show_failed(words)
