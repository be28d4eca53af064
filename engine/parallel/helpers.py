"""The processes beside a run's own that compute shares of its batches: begun, told, and never left behind."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread
from typing import Any, TypeVar

from engine.errors import ExperimentError
from engine.machine.children import begun

Met = TypeVar("Met")
GRACE, LOOK_AGAIN = 5.0, 0.05  # seconds in which a process that is gone is seen to be so; between two looks


class Helper:
    """One process, computing on this device."""

    def __init__(self, device: str) -> None:
        self.device = device
        self._process = begun("engine.parallel.share")
        self._said: SimpleQueue[str] = SimpleQueue()
        self._last = "{}"  # of its lines
        self._lost = Event()
        self.when_lost: Callable[[], None] = lambda: None  # see `watch`
        self._listening = Thread(target=self._listen, name=f"hearing {device}", daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        """Until its end, which is an empty line."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._last = line.decode("utf-8", "replace")
            self._said.put(self._last)
        self._said.put("")
        self._lost.set()
        self.when_lost()

    def watch(self, when_lost: Callable[[], None]) -> None:
        """Let this be called, in a thread of its own, once it has ended by itself; at once where it has."""
        self.when_lost = when_lost
        if self._lost.is_set():
            when_lost()

    def tell(self, line: str) -> None:
        """Raises `OSError` where it is gone."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """Its next line; empty after its last."""
        return self._said.get()

    def fault(self) -> Exception | None:
        """What was wrong, where it has ended by itself, however often that is asked; None of one that is at work."""
        code = self._process.poll()
        if code is None:
            return None
        self._listening.join()
        return _as_error(self.device, json.loads(self._last), code)

    def end(self) -> None:
        self.when_lost = lambda: None
        self._process.kill()
        self._process.wait()
        self._listening.join()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what could not be said
                assert pipe is not None
                pipe.close()


def _meet(meet: Callable[[], Met], came: Future[Met]) -> None:
    try:
        _tell(came.set_result, meet())
    except Exception as error:  # noqa: BLE001 - whoever waits for it is told
        _tell(came.set_exception, error)


def _tell(tell: Callable[[Any], None], what: object) -> None:
    with suppress(InvalidStateError):  # somebody was quicker
        tell(what)


def _as_error(device: str, said: Mapping[str, Any], code: int) -> Exception:
    if "fault" in said:  # a bug, or short of memory
        return RuntimeError(f"on {device}: {said['fault']}")
    return ExperimentError(
        f"The process that computed on {device} ended in the middle of the run ({code}).",
        "Resume the run; where memory was short, close other programs before.",
    )


class Helpers:
    """All of a run's, on these devices; their own ranks begin with 1."""

    def __init__(self, devices: Sequence[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warmstart-")
        self.meeting = Path(self._folder.name) / "meeting"
        self._all: list[Helper] = []
        try:
            for device in devices:
                self._all.append(Helper(device))
        except ExperimentError:
            self.end()
            raise

    @property
    def size(self) -> int:
        """Processes, the run's own among them."""
        return 1 + len(self._all)

    def join(self, task: Mapping[str, Any]) -> None:
        """Tell them what they compute and wait until each is there; raises what was wrong with one."""
        for rank, one in enumerate(self._all, 1):
            given = {**task, "device": one.device, "rank": rank, "size": self.size}
            self.tell_one(one, json.dumps({**given, "meeting": str(self.meeting)}))
        for one in self._all:
            if "there" not in json.loads(one.hear() or "{}"):
                raise self.fault() or RuntimeError(f"{one.device} is silent")

    def watch(self, when_lost: Callable[[], None]) -> None:
        """Let this be called where one ends by itself, or has: whoever waits for it is let go so."""
        for one in self._all:
            one.watch(when_lost)

    def met(self, meet: Callable[[], Met]) -> Met:
        """What comes of a meeting of all, which knows no end where one does not come; raises `RuntimeError` where one
        ends by itself instead."""
        came: Future[Met] = Future()
        self.watch(lambda: _tell(came.set_exception, RuntimeError("a process ended before all had met")))
        Thread(target=_meet, args=(meet, came), name="meeting", daemon=True).start()
        return came.result()

    def tell(self, line: str) -> None:
        for one in self._all:
            self.tell_one(one, line)

    def tell_one(self, one: Helper, line: str) -> None:
        try:
            one.tell(line)
        except OSError as error:
            raise self.fault() or error from error

    def fault(self) -> Exception | None:
        """What was wrong with one of them, if one has ended or does so within a moment."""
        late = time.monotonic() + GRACE
        while True:
            for one in self._all:
                if (found := one.fault()) is not None:
                    return found
            if time.monotonic() > late:
                return None
            time.sleep(LOOK_AGAIN)

    def end(self) -> None:
        for one in self._all:
            one.end()
        self._folder.cleanup()
