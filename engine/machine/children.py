"""Processes of this program's own, begun with a module of it: one place that knows how."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO

from engine.errors import Cancelled, ExperimentError

LOOK_AGAIN = 0.1  # seconds between two looks whether to stop
ROOT = Path(__file__).resolve().parents[2]  # where a child finds this program


def begun(module: str, *given: str, **variables: str) -> subprocess.Popen[bytes]:
    """A process that works this module, with pipes to and from it; variables: of its environment besides this one's.
    Raises `ExperimentError`."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, *given],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=None if sys.stderr else subprocess.DEVNULL,  # a program without a console has none
            env={**os.environ, "PYTHONPATH": path, **variables},
            start_new_session=True,  # Ctrl+C in the terminal is for this process, which then says what to do
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ExperimentError(f"No process can be started ({reason}).", "Close other programs.") from error


def lines(child: subprocess.Popen[bytes], cancelled: Callable[[], bool]) -> Iterator[str]:
    """What it writes, line by line, until its end, which is also that of this. Raises `Cancelled`."""
    said: SimpleQueue[str | None] = SimpleQueue()
    reader = Thread(target=_hear, args=(child.stdout, said), name="hearing a process")
    reader.start()
    try:
        while True:
            if cancelled():
                raise Cancelled
            with suppress(Empty):
                if (line := said.get(timeout=LOOK_AGAIN)) is None:
                    child.wait()
                    return
                yield line
    finally:
        child.kill()
        child.wait()
        reader.join()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()


def _hear(out: IO[bytes], said: SimpleQueue[str | None]) -> None:
    for line in out:
        said.put(line.decode("utf-8", "replace").rstrip())
    said.put(None)
