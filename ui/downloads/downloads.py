"""The window's side of the downloads: pages ask here, and hear here how far it is. Nothing waits."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.downloads.entries import Download, State
from engine.downloads.queue import DownloadQueue
from engine.downloads.wanted import Wanted
from engine.machine.offline import is_offline
from ui.downloads.consent import Consent
from ui.widgets.toasts import Toasts
from ui.window_memory import WindowMemory

OFFLINE = "offline"  # the switch in the menu and in the settings
OFFLINE_WORDS = "Warmstart works offline. Turn that off under File, “Work offline”, to fetch anything."


class Downloads(QObject):
    """changed: what is asked for, or how far it is, or whether there is a network to ask. arrived: this key is here,
    whole. crashed: a fault of the program.
    """

    changed = Signal()
    arrived = Signal(str)
    crashed = Signal(object)
    _told = Signal()

    def __init__(self, file: Path, settings: QSettings, toasts: Toasts, window: QWidget) -> None:
        super().__init__(window)
        self.consent = Consent(settings, window)
        self._memory, self._toasts = WindowMemory(settings), toasts
        self._offline = self._memory.is_on(OFFLINE, False) or is_offline()
        self._states: dict[str, State] = {}
        self._pending = False
        self._told.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._queue = DownloadQueue(file, self._tell, self.crashed.emit)

    def load(self) -> None:
        """Show what an earlier start left; it waits for a click."""
        self._queue.load()

    def ask(self, wanted: Wanted) -> bool:
        """Put it in line, also again after it failed or was stopped; a host that was never asked is shown before.
        Offline that is said instead, and false.
        """
        if self._offline:
            self._toasts.show(OFFLINE_WORDS, level="warning")
            return False
        self.consent.ask(wanted, lambda: self._queue.ask(wanted))
        return True

    def cancel(self, key: str) -> None:
        """What has come of it is kept."""
        self._queue.cancel(key)

    def remove(self, key: str) -> None:
        """Off the list, with what has come of it unless it is whole."""
        self._queue.remove(key)

    def entries(self) -> tuple[Download, ...]:
        """In the order they were asked for."""
        return self._queue.entries()

    def entry(self, key: str) -> Download | None:
        return next((one for one in self.entries() if one.key == key), None)

    @property
    def offline(self) -> bool:
        """Whether nothing may be asked of any network; remembered."""
        return self._offline

    @offline.setter
    def offline(self, on: bool) -> None:
        self._offline = on
        self._memory.set_on(OFFLINE, on)
        if on:
            self._queue.cancel_all()
        self.changed.emit()

    def close(self) -> None:
        """End at once, waiting for nothing; what has come is kept. May be called twice."""
        self._queue.close()

    def wait(self) -> None:
        """Block until its thread has ended; call after `close`."""
        self._queue.join()

    def _tell(self) -> None:
        """From any thread; many words before the window listens are one."""
        if not self._pending:
            self._pending = True
            self._told.emit()

    def _hear(self) -> None:
        self._pending = False
        before, entries = self._states, self.entries()
        self._states = {one.key: one.state for one in entries}
        for one in entries:
            if one.key in before and before[one.key] != one.state:
                self._say_end(one)
        self.changed.emit()

    def _say_end(self, ended: Download) -> None:
        if ended.state == "done":
            self._toasts.show(f"{ended.wanted.title}: on this machine now.")
            self.arrived.emit(ended.key)
        elif ended.state == "failed":
            self._toasts.show(f"{ended.wanted.title}: {ended.why}", level="warning")
