"""Questions of many threads at a time, which go out as one: what they cost does not grow with how many ask."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
LOOK_AGAIN = 0.2  # seconds between two looks whether who waits for a turn still wants it


class Common(Generic[Answer]):
    """What is asked next, and its answers. led: somebody of those who ask will carry it."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.led = False
        self.answers: Future[Mapping[str, Answer]] = Future()


class Together(Generic[Answer]):
    """ask: answers of many keys. pause: seconds for which the first waits for others. While one question is on its way,
    all that come go with the next."""

    def __init__(self, ask: Callable[[Collection[str]], Mapping[str, Answer]], pause: float = 0.0) -> None:
        self._ask, self._pause = ask, pause
        self._lock, self._on_its_way = threading.Lock(), threading.Lock()
        self._next = Common[Answer]()

    def of(self, key: str) -> Answer:
        """Raises what the common question raised, and `KeyError` where it has no answer for this key."""
        with self._lock:
            common = self._next
            common.keys.add(key)
            leads, common.led = not common.led, True
        if leads:
            self._carry(common)
        return common.answers.result()[key]

    def _carry(self, common: Common[Answer]) -> None:
        with self._on_its_way:
            time.sleep(self._pause)
            with self._lock:
                self._next = Common()
            try:
                common.answers.set_result(self._ask(common.keys))
            except BaseException as error:  # noqa: BLE001 - everybody who asked is told, this one as well
                common.answers.set_exception(error)


@contextmanager
def in_turn(lock: threading.Lock, wanted: Callable[[], bool]) -> Iterator[bool]:
    """One after the other, while that is wanted; whether it is."""
    while not (got := lock.acquire(timeout=LOOK_AGAIN)) and wanted():
        pass
    try:
        yield got
    finally:
        if got:
            lock.release()
