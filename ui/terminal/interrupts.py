"""Ctrl+C, the end of the session and the closing of the terminal while runs work: the first stops and keeps, the
second leaves at once."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Self

STOPPING = "\nStopping: the best weights so far are tested and kept. Press Ctrl+C again to leave at once.\n"
ASKED = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl+C, shutting down, a terminal that closes; Windows has no SIGHUP


class Interrupts:
    """`stopping()` turns true at the first signal; the second raises `KeyboardInterrupt`. Used in a `with` statement.

    words: what the first one is answered with. Outside the main thread it changes nothing, as signals only reach that
    one. What nohup ignores stays ignored.
    """

    def __init__(self, words: str = STOPPING) -> None:
        self._words = words
        self._asked = False
        self._before: dict[int, Any] = {}
        self._terminals = terminals()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in ASKED if hasattr(signal, name)):
                if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def stopping(self) -> bool:
        return self._asked

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number == getattr(signal, "SIGHUP", None):
            leave(self._terminals)
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        with suppress(OSError):
            os.write(2, self._words.encode())  # print is not safe inside a signal handler


def terminals() -> list[int]:
    """Which of the standard streams are a terminal; one that has closed can no longer say so."""
    return [descriptor for descriptor in (0, 1, 2) if os.isatty(descriptor)]


def leave(descriptors: list[int]) -> None:
    """The terminal is closing: what is still written to it goes nowhere instead of failing; files stay."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in descriptors:
            os.dup2(nowhere, descriptor)
