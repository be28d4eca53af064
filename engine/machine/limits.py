"""When a run has to end early: the person asked, or its time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

from engine.errors import Cancelled
from engine.events import Event, Notice, Preparing, RunFinished, RunStopped

T = TypeVar("T")


def never() -> bool:
    return False


class Limits:
    """Asked at every step. minutes: the time budget, counted from `start()`. only_time: it replaces the epochs."""

    def __init__(
        self, stop: Callable[[], bool] = never, minutes: float | None = None, instead_of_epochs: bool = False
    ) -> None:
        self._stop, self._paused = stop, 0.0
        self.minutes = minutes
        self.only_time = instead_of_epochs and minutes is not None
        self._seconds = None if minutes is None else minutes * 60
        self._clock: Callable[[], float] = lambda: time.monotonic() - self._paused
        self._begin = self._clock()

    def within(
        self, minutes: float | None, instead_of_epochs: bool = False, stop: Callable[[], bool] | None = None
    ) -> Limits:
        """Those of a part of the run: what stops or pauses the run does so to its parts. stop: asked instead."""
        part = Limits(stop or self._stop, minutes, instead_of_epochs)
        part._clock = self._clock
        part.start()
        return part

    def paused_for(self, seconds: float) -> None:
        """Time in which nobody asked for the next event; it does not count."""
        self._paused += seconds

    def start(self, used: float = 0.0) -> None:
        """used: seconds that an earlier part of the run took."""
        self._begin = self._clock() - used

    @property
    def used(self) -> float:
        """Seconds since `start()`, without pauses."""
        return self._clock() - self._begin

    @property
    def asked_to_stop(self) -> bool:
        return self._stop()

    @property
    def out_of_time(self) -> bool:
        return self._seconds is not None and self.used >= self._seconds

    @property
    def fraction(self) -> float:
        """Share of the time budget that is over, 0..1; 0 without one."""
        if self._seconds is None:
            return 0.0
        return min(1.0, self.used / self._seconds)

    @property
    def reached(self) -> bool:
        return self.asked_to_stop or self.out_of_time


def heeding(limits: Limits, preparation: Generator[Preparing, None, T]) -> Generator[Preparing, None, T]:
    """Pass on what a preparation says and returns; raises `Cancelled` between two steps of it when asked to stop."""
    while True:
        try:
            said = next(preparation)
        except StopIteration as end:
            return end.value
        if limits.asked_to_stop:
            raise Cancelled
        yield said
        if limits.asked_to_stop:  # while it was heard
            raise Cancelled


def last_words(limits: Limits, step: int, total: int, done: str, early: str = "") -> Iterator[Event]:
    """How a run that was tested ends. done: how far it came, for example "3 of 20 epochs"; early: why not further.
    Of a run that trains nothing (total 0) nothing is said of how far."""
    if limits.asked_to_stop:
        yield RunStopped(step, f"by hand after {done}")
        return
    if step < total:
        yield Notice(f"The time budget ended training after {done}.")
        yield RunFinished(step, f"its time was over after {done}")
        return
    yield RunFinished(step, ", ".join(part for part in (early, f"after {done}" if total else "") if part))
