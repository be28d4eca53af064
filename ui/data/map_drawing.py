"""Has a map drawn in the background: which networks there are, then what one sees, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import Cancelled
from ui.data.map_networks import MapNetwork, Taken, networks, runs_with_weights, taken
from ui.parts import Parts

if TYPE_CHECKING:
    from engine.data.labelled_set import LabelledSet
    from engine.events import Evaluated
    from storage.store import RunRow

KEY, LIST_KEY = "data page map", "data page map networks"
OFTEN = 0.1  # seconds between two words while it is drawn


class MapDrawing(QObject):
    """listed(networks). begun(taken): by `draw`; said(Preparing or Mapped) follow, then ended(words), "" unless it
    failed. None of them comes after `stop` or another `draw`."""

    listed = Signal(object)
    begun = Signal(object)
    said = Signal(object)
    ended = Signal(str)
    _heard = Signal(int, object)

    def __init__(self, parts: Parts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._turn = 0
        self.is_at_work = False
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def list_networks(self, data: LabelledSet) -> None:
        work = self._parts.background

        def look(runs: list[RunRow]) -> None:
            failed = work.saying(self.ended.emit, "The networks could not be listed.")
            work.run(lambda cancelled: networks(runs, data), self.listed.emit, failed, LIST_KEY)

        self._parts.library.read(runs_with_weights, look)

    def draw(self, data: LabelledSet, chosen: MapNetwork) -> None:
        self.stop()
        self.is_at_work, turn = True, self._turn
        if chosen.run is None:
            self._begin(turn, data, chosen, [])
        else:
            run_id = chosen.run.id
            self._parts.library.read(
                lambda store: store.results(run_id), lambda found: self._begin(turn, data, chosen, found),
                lambda error: self._fail(turn, str(error)),
            )  # fmt: skip

    def stop(self) -> None:
        self._parts.background.cancel(KEY)
        self._turn += 1
        self.is_at_work = False

    def _begin(self, turn: int, data: LabelledSet, chosen: MapNetwork, results: list[Evaluated]) -> None:
        if turn != self._turn:
            return
        known = taken(results, chosen.run, data) if chosen.run else None
        self.begun.emit(known)
        failed = self._parts.background.saying(self._end, "The map could not be drawn.")
        self._parts.background.run(
            self._work(turn, data, chosen, known), lambda _: self._end(""), failed, KEY, long=True
        )

    def _work(
        self, turn: int, data: LabelledSet, chosen: MapNetwork, known: Taken | None
    ) -> Callable[[Callable[[], bool]], None]:
        """What the background's thread does."""
        first, runs = known.ids if known else np.zeros(0, np.int64), self._parts.workspace.runs

        def look(cancelled: Callable[[], bool]) -> None:
            from engine.maps.mapped import Mapped, mapped, shown

            due = 0.0
            for one in mapped(data, shown(len(data), first), chosen.eyes, runs):
                if cancelled():
                    raise Cancelled
                if time.monotonic() >= due or (isinstance(one, Mapped) and (one.done or not one.near)):
                    self._heard.emit(turn, one)
                    due = time.monotonic() + OFTEN

        return look

    def _hear(self, turn: int, said: object) -> None:
        if turn == self._turn:
            self.said.emit(said)

    def _fail(self, turn: int, words: str) -> None:
        if turn == self._turn:
            self._end(words)

    def _end(self, words: str) -> None:
        self.is_at_work = False
        self.ended.emit(words)
