"""What may be asked about the chosen run besides its curves: its images, how sure it may be, what it keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from engine.events import Evaluated
from engine.work.recorder import SavedCurve
from ui.runs.content import Content
from ui.runs.explored_run import ExploredRun
from ui.runs.kept_watch import KeptWatch
from ui.runs.sureness_watch import SurenessWatch

if TYPE_CHECKING:
    from storage.rows import RunRow


class Afterwards:
    """Tells all three of them when another run is chosen, when one grows and when one was read."""

    def __init__(self, explored: ExploredRun, sureness: SurenessWatch, kept: KeptWatch) -> None:
        self._explored, self._sureness, self._kept = explored, sureness, kept

    @property
    def is_settled(self) -> bool:
        return self._explored.is_settled and self._sureness.is_settled and self._kept.is_settled

    def forget(self) -> None:
        for one in (self._explored, self._sureness, self._kept):
            one.forget()

    def grow(self, row: RunRow, curves: Mapping[str, SavedCurve], results: Sequence[Evaluated]) -> None:
        """While it works only what it keeps can be shown."""
        self._sureness.forget()
        self._kept.show(row, curves, results)

    def read(self, content: Content) -> None:
        self._explored.read(content.row)
        self._sureness.read(content.row)
        self._kept.show(content.row, content.curves, content.results)
