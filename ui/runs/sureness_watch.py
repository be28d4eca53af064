"""Reads how far the chosen run's probabilities can be believed, and has it measured, in the background."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from engine.data.sources import is_drawn
from engine.errors import Cancelled
from engine.families import HEAD_BENCH, named
from ui.parts import Parts
from ui.runs.sureness_view import SurenessView

if TYPE_CHECKING:
    from engine.events import Preparing
    from engine.experiment import Experiment
    from engine.using.calibration import Calibration
    from storage.rows import RunRow

    Measured = tuple[Calibration | None, str]

READ_KEY, MEASURE_KEY = "sureness", "sureness measured"
OFTEN = 0.1  # seconds between two words while it is measured
WEIGHTS = ("best.safetensors", "last.safetensors")


class SurenessWatch(QObject):
    """`read` when a run's content was read, `forget` when another is chosen."""

    _heard = Signal(int, object)

    def __init__(self, parts: Parts, view: SurenessView) -> None:
        super().__init__(view)
        self._parts, self._view = parts, view
        self._row: RunRow | None = None
        self._turn = 0
        self.is_settled = True
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        view.measure_wanted.connect(self.measure)
        view.cancel_wanted.connect(self.cancel)

    def read(self, row: RunRow) -> None:
        """What is known of a run that has ended; a family without probabilities of its own has no such figure."""
        if self._row is not None and self._row.id == row.id and self._row.state == row.state:
            return
        self.forget()
        if row.family == HEAD_BENCH.key or not named(row.family).answers or is_drawn(row.experiment.dataset):
            return
        self._row, turn = row, self._turn
        self.is_settled = False
        folder = self._parts.workspace.runs / row.uid
        self._parts.background.run(lambda _: look(folder), lambda found: self._take(turn, *found), key=READ_KEY)

    def forget(self) -> None:
        self._stop()
        self._row = None
        self._view.hide()

    def cancel(self) -> None:
        """It is as it was before it was measured."""
        self._stop()
        self._view.show_unmeasured()

    def measure(self) -> None:
        if (row := self._row) is None or not self._parts.live.is_engine_ready:
            return
        self._stop()
        self.is_settled, turn = False, self._turn
        self._view.show_at_work("Opening the network…")
        background = self._parts.background
        failed = background.saying(lambda words: self._fail(turn, words), "How sure it may be could not be measured.")
        background.run(self._work(turn, row), lambda found: self._measured(turn, found), failed, MEASURE_KEY, long=True)

    def _stop(self) -> None:
        for key in (READ_KEY, MEASURE_KEY):
            self._parts.background.cancel(key)
        self._turn += 1
        self.is_settled = True

    def _work(self, turn: int, row: RunRow) -> Callable[[Callable[[], bool]], Measured]:
        """What the background's thread does."""
        folder = self._parts.workspace.runs / row.uid

        def work(cancelled: Callable[[], bool]) -> Measured:
            going, due = measuring(folder, row.experiment), 0.0
            while True:
                try:
                    said = next(going)
                except StopIteration as end:
                    found: Measured = end.value
                    return found
                if cancelled():
                    raise Cancelled
                if time.monotonic() >= due:
                    self._heard.emit(turn, said)
                    due = time.monotonic() + OFTEN

        return work

    def _hear(self, turn: int, said: Preparing) -> None:
        if turn == self._turn:
            share = f" · {100 * said.fraction:.0f} %" if said.fraction is not None else ""
            self._view.show_at_work(f"{said.text}{share}")

    def _take(self, turn: int, possible: bool, found: Calibration | None) -> None:
        if turn != self._turn or self._row is None:
            return
        self.is_settled = True
        if found is not None:
            self._view.show_found(found, self._row.id)
        elif possible:
            self._view.show_unmeasured()

    def _measured(self, turn: int, found: Measured) -> None:
        calibration, why = found
        if turn == self._turn and calibration is None:
            self._fail(turn, why)
        else:
            self._take(turn, True, calibration)

    def _fail(self, turn: int, words: str) -> None:
        if turn == self._turn:
            self.is_settled = True
            self._view.show_unmeasured(words)


def measuring(folder: Path, experiment: Experiment) -> Generator[Preparing, None, Measured]:
    """Yields `Preparing`, returns the calibration of a run, or why there is none."""
    from engine.artifacts.saved import LearnsTasks, SavedModel
    from engine.using.assured import assured
    from engine.using.task_calibration import calibrated_tasks

    model = SavedModel.open(folder, experiment)
    if isinstance(model.method, LearnsTasks):
        return (yield from calibrated_tasks(model, folder)), ""
    found = yield from assured(model, folder)
    return found.calibration, found.why


def look(folder: Path) -> tuple[bool, Calibration | None]:
    """Whether there are weights to measure, and what was measured before."""
    from engine.using.calibration import read

    return any((folder / name).is_file() for name in WEIGHTS), read(folder)
