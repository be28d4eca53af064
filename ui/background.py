"""Work off the window's thread: a small pool whose answers arrive in the window's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from engine.errors import Cancelled, ExperimentError, mendable

T = TypeVar("T")
WAY, AT_MOST = 0.15, 2.0  # seconds for which work makes way once it is asked; and in which it goes on a step at least
FRAME = 0.1  # seconds after which even a frame is not waited for: nothing of it may have been in sight


class Background(QObject):
    """Runs `work(cancelled)` in a thread; a newer call with the same key cancels the older and drops its answer.

    What is to be done `at_once` has threads of its own: the others may all wait while the engine is imported. So has
    what is `long`: two folders of 10,000 images are no reason that a click waits for minutes. While a hand moves
    something (`make_way`) all but what is `at_once` stands still, and while it is painted (`painting`) that does too.

    crashed: an exception of work that was started without `failed`.
    """

    _way_until: ClassVar[float] = 0.0  # of all windows: there is one hand, and one thread that they share
    crashed = Signal(object)
    _answered = Signal(object, object, object)

    def __init__(self, threads: int = 2, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="background")
        self._at_once = ThreadPoolExecutor(threads, thread_name_prefix="background at once")
        self._long = ThreadPoolExecutor(threads, thread_name_prefix="background long")
        self._current: dict[str, threading.Event] = {}
        self._all: set[threading.Event] = set()
        self._closed = False
        self._free = threading.Event()
        self._free.set()
        self._answered.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[Callable[[], bool]], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
        key: str = "",
        at_once: bool = False,
        long: bool = False,
    ) -> None:
        """Start `work`; exactly one of `done(result)` and `failed(error)` is called later, none if it was cancelled.

        work is given `cancelled()`, which it asks now and then; raising `engine.errors.Cancelled` is a quiet end.
        at_once: somebody looks at an empty place until it is there. Only for what is short and needs no torch.
        long: it may take minutes; the rest is not to wait until it is done.
        """
        if self._closed:
            return
        self.cancel(key)
        stop = threading.Event()
        self._all.add(stop)
        if key:
            self._current[key] = stop
        cancelled = (lambda: self._let_paint(stop)) if at_once else (lambda: self._made_way(stop))
        pool = self._at_once if at_once else self._long if long else self._pool
        pool.submit(self._work, lambda: work(cancelled), done, failed or self.crashed.emit, stop)

    def saying(self, say: Callable[[str], object], bug: str) -> Callable[[Exception], None]:
        """A `failed` that says what a person can mend; of a bug it says `bug`, and it crashes as any other."""

        def failed(error: Exception) -> None:
            say(str(error) if isinstance(error, ExperimentError) else bug)
            if not isinstance(error, ExperimentError):
                self.crashed.emit(error)

        return failed

    def cancel(self, key: str) -> None:
        """Drop what runs under this key, if anything does."""
        if stop := self._current.pop(key, None):
            stop.set()

    def make_way(self) -> None:
        """Something is scrolled: for a moment what is not done `at_once` stands still where it asks `cancelled`,
        and all of it until that is painted."""
        self._free.clear()
        Background._way_until = time.monotonic() + WAY

    @classmethod
    def is_making_way(cls) -> bool:
        """Whether a hand moves something just now."""
        return time.monotonic() < cls._way_until

    @contextmanager
    def painting(self) -> Iterator[None]:
        """Inside, all work stands still where it asks `cancelled`: else each call of the painter waits for its turn
        behind a thread that has just begun with the next image."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    def close(self) -> None:
        """Cancel everything and drop the answers; threads end by themselves. May be called twice."""
        self._closed = True
        for stop in tuple(self._all):
            stop.set()
        for pool in (self._pool, self._at_once, self._long):
            pool.shutdown(wait=False, cancel_futures=True)

    def wait(self) -> None:
        """Block until every thread has ended; call after `close`."""
        for pool in (self._pool, self._at_once, self._long):
            pool.shutdown(wait=True)

    def _let_paint(self, stop: threading.Event) -> bool:
        """Whether it was cancelled; answers once nothing is painted."""
        self._free.wait(FRAME)
        return stop.is_set()

    def _made_way(self, stop: threading.Event) -> bool:
        """Whether it was cancelled; answers once the window has had its way."""
        latest = time.monotonic() + AT_MOST
        while (left := min(self._way_until, latest) - time.monotonic()) > 0 and not stop.wait(left):
            pass
        return self._let_paint(stop)

    def _work(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        stop: threading.Event,
    ) -> None:
        if stop.is_set():
            self._all.discard(stop)
            return
        try:
            result = work()
        except Cancelled:
            stop.set()
            self._all.discard(stop)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the caller decides what it means
            self._say(failed, mendable(error), stop)
        else:
            self._say(done, result, stop)

    def _say(self, answer: Callable[[Any], None], result: object, stop: threading.Event) -> None:
        if not self._closed:
            self._answered.emit(answer, result, stop)

    def _hand_over(self, answer: Callable[[Any], None], result: object, stop: threading.Event) -> None:
        self._all.discard(stop)
        if not self._closed and not stop.is_set() and not is_gone(answer):
            answer(result)


def is_gone(answer: Callable[..., object]) -> bool:
    """Whoever waits for this answer was closed and deleted before it came."""
    asker = getattr(answer.func if isinstance(answer, partial) else answer, "__self__", None)
    return isinstance(asker, QObject) and not isValid(asker)
