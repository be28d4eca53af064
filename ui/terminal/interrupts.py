"""Ctrl+C while runs work: the first stops and keeps, the second leaves at once."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

STOPPING = "\nStopping: the best weights so far are tested and kept. Press Ctrl+C again to leave at once.\n"


class Interrupts:
    """`stopping()` turns true at the first Ctrl+C; the second raises `KeyboardInterrupt`. Used in a `with` statement.

    words: what the first one is answered with. Outside the main thread it changes nothing, as signals only reach that
    one.
    """

    def __init__(self, words: str = STOPPING) -> None:
        self._words = words
        self._asked = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def stopping(self) -> bool:
        return self._asked

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        os.write(2, self._words.encode())  # print is not safe inside a signal handler
