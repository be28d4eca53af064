"""The process that works one run for another one, its parent.

    parent -> child: lines of text. First the job, then "next" for each event, "pause", "resume", "stop", "write <note>"
    child -> parent: events as frames of `engine.work.wire`, and the answer to each "write"

The child works ahead of who listens by a moment at most, and not past a place to resume from, nor past its last word.
It ends when its parent does.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import StorageError
from engine.events import LAST_EVENTS, Event, Formulation, ResumePoint
from engine.experiment import Experiment
from engine.work.wire import send, to_wire
from engine.work.worker import Job

AHEAD = 0.2  # seconds that it works on while nobody asks
KEPT, LOST = 0, 1  # exit codes


def main() -> None:
    """Work the job that comes first, then end without a look back: all files are whole."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what others print is not for the parent
    job = json.loads(sys.stdin.buffer.readline())
    parent = Parent(sys.stdin.buffer, out)
    threading.Thread(target=parent.listen, name="parent", daemon=True).start()
    try:
        known = tuple(map(Formulation.heard, job["known"]))
        work(Job(Experiment.model_validate(job["experiment"]), Path(job["directory"]), known), parent)
        out.flush()
    except OSError:  # the parent is gone
        os._exit(LOST)
    except Exception:  # noqa: BLE001 - the boundary of the process, which ends by `_exit` alone
        traceback.print_exc()
        os._exit(LOST)
    os._exit(KEPT)


def work(job: Job, parent: Parent) -> None:
    from engine.execute import execute

    said = execute(job.experiment, job.directory, parent.is_stopping, resume=True, known=job.known)
    with closing(said) as events:  # type: ignore[type-var]
        for event in events:
            parent.tell(event)


class Parent:
    """The other end: `listen` hears what it wants in a thread of its own, the rest belongs to the thread that works."""

    def __init__(self, commands: BinaryIO, out: BinaryIO) -> None:
        self._commands, self._out = commands, out
        self._heard = threading.Condition()
        self._told = self._asked = 0  # events
        self._last = time.monotonic()  # when it asked
        self._note: dict[str, Any] | None = None
        self._paused = self._stopping = False

    def listen(self) -> None:
        """Until the parent says no more, which is the end of this process."""
        for line in self._commands:
            with self._heard:
                self._hear(*line.decode().rstrip("\n").split(" ", 1))
                self._heard.notify_all()
        os._exit(LOST)

    def _hear(self, word: str, note: str = "") -> None:
        match word:
            case "next":
                self._asked, self._last = self._asked + 1, time.monotonic()
            case "write":
                self._note = json.loads(note)
            case "stop":
                self._stopping = True
            case "pause" | "resume":
                self._paused = word == "pause"

    def is_stopping(self) -> bool:
        return self._stopping

    def tell(self, event: Event) -> None:
        """Say it, and wait where the parent does not keep up; raises `OSError` where it is gone."""
        send(self._out, to_wire(event))
        self._told += 1
        while (note := self._wait(isinstance(event, (ResumePoint, *LAST_EVENTS)))) is not None:
            assert isinstance(event, ResumePoint)
            send(self._out, json.dumps(written(event, note)))

    def _wait(self, until_asked: bool) -> dict[str, Any] | None:
        """Until it may go on, or the note that the parent wants to be written with this place."""
        with self._heard:
            while self._asked <= self._told and self._note is None:
                if not until_asked and not self._paused and time.monotonic() - self._last < AHEAD:
                    return None
                self._heard.wait()
            note, self._note = self._note, None
            return note


def written(place: ResumePoint, note: dict[str, Any]) -> list[str]:
    """Write the place; empty, or what is wrong and what to do."""
    try:
        place.write(note)
    except StorageError as error:
        return [error.message, error.advice]
    return []


if __name__ == "__main__":
    main()
