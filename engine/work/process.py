"""The worker that has a run worked by a process of its own: it gives its memory back, and may crash alone.

Whatever happens to that process, the run ends in a sentence; see `engine.work.child` for what both say to each other.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from engine.errors import StorageError
from engine.events import LAST_EVENTS, Event, ResumePoint, RunFailed
from engine.machine.children import begun
from engine.work.wire import from_wire, receive
from engine.work.worker import GIVES_UP, STOPS, Here, Job, Word, Worker


class Process:
    """Works in a child process, begun when the first event is asked for."""

    host = ""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._guard = threading.RLock()
        self._stopping = self._abandoned = False

    def heard(self) -> None:
        return None

    def start(self, job: Job) -> Iterator[Event]:
        try:
            self._begin(job)
            yield from self._events()
        finally:
            self._end()

    def say(self, word: Word) -> None:
        """One that is abandoned is killed: nobody waits for its step."""
        self._stopping |= word in STOPS
        self._abandoned |= word in GIVES_UP
        if self._abandoned and (child := self._child) is not None:
            child.kill()
        else:
            self._tell("stop" if word in STOPS else word)

    def _begin(self, job: Job) -> None:
        told = {
            "experiment": job.experiment.model_dump(mode="json"), "directory": str(job.directory.resolve()),
            "known": [one.told() for one in job.known],
        }  # fmt: skip
        child = begun("engine.work.child")
        with self._guard:  # the job is the first line, whatever others say meanwhile
            self._child = child
            self._tell(json.dumps(told))
        if self._stopping:
            self._tell("stop")
        if self._abandoned:
            child.kill()

    def _events(self) -> Iterator[Event]:
        event: Event | None = None
        while (event := self._next()) is not None:
            yield event
            if isinstance(event, LAST_EVENTS):
                self._next()  # it tidies up once it is asked for more
                return
        yield ResumePoint.nothing(0) if self._abandoned else self._crash()

    def _next(self) -> Event | None:
        """None after the child's end."""
        self._tell("next")
        frame = self._receive()
        if frame is None:
            return None
        event = from_wire(frame)
        return replace(event, write=self._write) if isinstance(event, ResumePoint) else event

    def _write(self, note: Mapping[str, Any]) -> None:
        self._tell(f"write {json.dumps(note)}")
        frame = self._receive()
        if frame is None:
            raise StorageError("The process that trains this run has ended.", "Resume the run.")
        if wrong := json.loads(frame):
            raise StorageError(*wrong)

    def _tell(self, line: str) -> None:
        with self._guard, suppress(OSError, ValueError):  # a child that is gone is met when it is heard
            if (child := self._child) is not None and child.stdin is not None:
                child.stdin.write(line.encode() + b"\n")
                child.stdin.flush()

    def _receive(self) -> str | None:
        assert self._child is not None
        assert self._child.stdout is not None
        return receive(self._child.stdout)

    def _crash(self) -> RunFailed:
        assert self._child is not None
        self._child.kill()  # it has closed what it spoke through
        how = ended(self._child.wait())
        return RunFailed(
            "experiment",
            f"The process that trained this run ended in the middle of it ({how}).",
            "Resume it or run it again; where memory was short, close other programs before.",
        )

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):  # what could not be said
                assert pipe is not None
                pipe.close()


WORKERS: dict[str, type[Worker]] = {"thread": Here, "process": Process}  # by the name that a person gives


def ended(code: int) -> str:
    """How a process ended: "SIGSEGV", or "exit code 1"."""
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"exit code {code}"
