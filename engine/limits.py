"""When a run has to end early: the person asked, or its time is up."""

from __future__ import annotations

import time
from collections.abc import Callable


def never() -> bool:
    return False


class Limits:
    """Asked at every step. minutes: the time budget, counted from `start()`."""

    def __init__(self, stop: Callable[[], bool] = never, minutes: float | None = None) -> None:
        self._stop = stop
        self._seconds = None if minutes is None else minutes * 60
        self._begin = time.monotonic()

    def start(self) -> None:
        self._begin = time.monotonic()

    @property
    def asked_to_stop(self) -> bool:
        return self._stop()

    @property
    def out_of_time(self) -> bool:
        return self._seconds is not None and time.monotonic() - self._begin >= self._seconds

    @property
    def reached(self) -> bool:
        return self.asked_to_stop or self.out_of_time
