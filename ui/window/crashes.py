"""Mistakes in the program: every uncaught exception, from any thread, is shown once with 'Copy details'."""

from __future__ import annotations

import sys
import threading
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.errors import ExperimentError
from ui.widgets.dialogs import DetailsDialog, copy_text, details_of
from ui.widgets.toasts import Toasts


class Crashes(QObject):
    """`report` may be called from any thread. A mendable error is said in a toast; a bug opens one dialog at a time."""

    _reported = Signal(object)

    def __init__(self, window: QWidget, toasts: Toasts) -> None:
        super().__init__(window)
        self._window, self._toasts = window, toasts
        self._dialog: DetailsDialog | None = None
        self._before = (sys.excepthook, threading.excepthook)
        self._reported.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Route uncaught exceptions of the window's thread and of all others here."""
        sys.excepthook = self._uncaught
        threading.excepthook = lambda args: self._uncaught(args.exc_type, args.exc_value, args.exc_traceback)

    def uninstall(self) -> None:
        sys.excepthook, threading.excepthook = self._before

    def report(self, error: BaseException) -> None:
        self._reported.emit(error)

    def _uncaught(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None or isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
        else:
            self.report(error)

    def _show(self, error: BaseException) -> None:
        if isinstance(error, ExperimentError):
            self._toasts.show(str(error), level="error", seconds=20)
            return
        details = details_of(error)
        if self._dialog is not None:
            self._toasts.show("Another mistake happened.", "Copy details", lambda: copy_text(details), "error", 30)
            return
        self._dialog = DetailsDialog(
            "Something went wrong",
            "Something went wrong inside Warmstart.",
            "Your saved runs are safe. Please copy the details and report them.",
            details,
            self._window,
        )
        self._dialog.finished.connect(self._forget)
        self._dialog.open()

    def _forget(self) -> None:
        self._dialog = None
