"""Imports what takes long in a thread, after the first paint: pyqtgraph (0.7 s), then torch (4 to 10 s)."""

from __future__ import annotations

import importlib
import sys
import threading

from PySide6.QtCore import QObject, Signal


class EngineLoading(QObject):
    """plots: pyqtgraph is there. engine: torch is there. failed: the exception that stopped it."""

    plots = Signal()
    engine = Signal()
    failed = Signal(object)

    def start(self) -> threading.Thread:
        """Begin; the signals arrive in the window's thread."""
        sys.setswitchinterval(0.0005)  # the window waits less for its turn while the thread imports
        thread = threading.Thread(target=self._load, name="engine loading", daemon=True)
        thread.start()
        return thread

    def _load(self) -> None:
        try:
            importlib.import_module("pyqtgraph")
            self.plots.emit()
            importlib.import_module("engine.machine.warm").load_torch()
            self.engine.emit()
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the window shows it
            self.failed.emit(error)
