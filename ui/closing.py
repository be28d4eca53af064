"""Closing the window while runs are active: keep training, stop and save, or quit without saving."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMainWindow, QProgressDialog

from ui.parts import Parts
from ui.widgets.dialogs import ask_about_runs

PATIENCE = 600.0  # seconds that "stop and save" may take


class Closing(QObject):
    """Asked by the window's closeEvent. The waiting happens in the background: the window stays alive."""

    def __init__(self, window: QMainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window, self._parts = window, parts
        self._decided = False
        self._waiting: QProgressDialog | None = None
        self._done = False

    def decide_to_quit(self) -> None:
        """Close without asking, as after "Quit without saving"."""
        self._decided = True

    def may_close(self) -> bool:
        """True when nothing is lost by closing now; otherwise asks, and closes later if that was the answer."""
        if self._decided or not self._parts.queue.is_busy():
            return True
        if self._waiting is None:
            answer = ask_about_runs(len(self._parts.queue.active()), self._window)
            self._decided = answer == "quit"
            if answer == "stop":
                self._stop_and_save()
        return self._decided

    def _stop_and_save(self) -> None:
        self._waiting = QProgressDialog("Testing and saving the best weights…", "Quit now", 0, 0, self._window)
        self._waiting.setWindowTitle("Stopping")
        self._waiting.setWindowModality(Qt.WindowModality.WindowModal)
        self._waiting.setMinimumDuration(0)
        self._waiting.canceled.connect(self._leave)
        self._waiting.show()
        queue = self._parts.queue
        self._parts.background.run(lambda cancelled: queue.close("stop", PATIENCE), lambda ended: self._leave())

    def _leave(self) -> None:
        self.decide_to_quit()
        self._window.close()

    def close_parts(self) -> None:
        """End every thread. What still trains is left as interrupted; its curve is saved up to now. Once only."""
        if self._done:
            return
        self._done = True
        parts = self._parts
        parts.live.stop()
        parts.background.close()
        parts.queue.close("abandon", 5.0)
        parts.library.close()
        parts.settings.sync()
