"""While a run works: the computer stays awake, and the window's title, which the taskbar shows, says how far it is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMainWindow

from ui.parts import Parts
from ui.window.awake import Awake

EVERY_MS = 1000
SOON = 10.0  # seconds after which a run is worth staying awake for


class AtWork(QObject):
    """Looks once a second while a run is active and rests otherwise. wanted: whether the computer is to stay awake."""

    def __init__(self, window: QMainWindow, parts: Parts, wanted: Callable[[], bool]) -> None:
        super().__init__(window)
        self._window, self._parts, self._wanted = window, parts, wanted
        self._title = window.windowTitle()
        self.awake = Awake()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        parts.live.state.connect(lambda run_id, state: self._begin())

    def _begin(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def look(self) -> None:
        active = [run for run_id in self._parts.live.active() if (run := self._parts.live.buffer(run_id)) is not None]
        known = [progress for run in active if (progress := run.progress()) is not None]
        self._window.setWindowTitle(f"{round(100 * max(known))} % · {self._title}" if known else self._title)
        if self._wanted() and any(run.elapsed() >= SOON for run in active):
            self.awake.hold()
        elif not active or not self._wanted():
            self.awake.release()
        if not active:
            self._timer.stop()

    def close(self) -> None:
        self._timer.stop()
        self.awake.release()
