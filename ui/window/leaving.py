"""Signals and the end of the desktop's session: the window closes, and its runs go on later."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier
from PySide6.QtGui import QGuiApplication

ASKED = ("SIGTERM", "SIGHUP")  # shutting down; the terminal that started it closes


class Leaving(QObject):
    """Calls `leave` when the program is asked to end, `commit` when the session ends, which waits for it.

    Python sees signals only while it runs code, so they wake Qt's loop through a socket; `restore` gives them back.
    """

    def __init__(self, app: QGuiApplication, leave: Callable[[], None], commit: Callable[[], None]) -> None:
        super().__init__(app)
        self._leave = leave
        self._here, self._there = socket.socketpair()
        for one in (self._here, self._there):
            one.setblocking(False)
        self._notifier = QSocketNotifier(self._here.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._wake)
        self._before: dict[int, Any] = {}
        for number in (getattr(signal, name) for name in ASKED if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
                self._before[number] = signal.signal(number, self._note)
        self._fd = signal.set_wakeup_fd(self._there.fileno(), warn_on_full_buffer=False)
        app.commitDataRequest.connect(lambda manager: commit())

    def _note(self, number: int, frame: FrameType | None) -> None:
        """What there is to do is done when Qt's loop wakes."""

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            said = self._here.recv(64)
            if any(number in self._before for number in said):
                self._leave()

    def restore(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._fd)
        for number, before in self._before.items():
            signal.signal(number, before)
        for one in (self._here, self._there):
            one.close()
