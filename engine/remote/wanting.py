"""A process that the system ended because its machine, or the group that it is in, had no more memory.

The system does so without a word to the process itself: who began it writes the last word of what it worked, so that a
desk hears why, and a machine of no more memory does not try the same once more.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from engine.events import RunFailed
from engine.machine.files import write_text
from engine.machine.memory import total
from engine.remote.attempts import Attempts
from engine.remote.journal import add_last, last_entry

COUNTS = Path("/proc/vmstat")
COUNT = "oom_kill "  # how many processes the system ended for want of memory since it was begun
WORKER, HAD = "worker", "memory"  # of an attempt: which process works it; what it had when it was ended so, bytes
NAME = (
    "WARMSTART_PLACE"  # of a process that works runs: two containers may have one host name and count processes alike
)


def ended_by_system() -> int:
    """How many processes of this machine were ended for want of memory; 0 where that is not known."""
    with suppress(OSError, ValueError):
        for line in COUNTS.read_text("utf-8").splitlines():
            if line.startswith(COUNT):
                return int(line.removeprefix(COUNT))
    return 0


def was_ended_by_system(returned: int, before: int) -> bool:
    """Whether a process that ended with this was, where so many were before it ended."""
    return os.name == "posix" and returned == -signal.SIGKILL and ended_by_system() > before


def sign(folder: Path) -> None:
    """This process works the attempt. Raises `OSError`."""
    write_text(folder / WORKER, os.environ.get(NAME, ""))


def write_last_words(home: Path, name: str, beside: Collection[str] = ()) -> None:
    """Of what the process of this name worked when it was ended for want of memory. beside: other processes of this
    machine. Where one of them worked a run too, that may have had the memory: nothing is said the first time, and the
    run, lost here, is tried again."""
    shared = any(_signed(folder) in beside for folder in Attempts(home).all() if _is_open(folder))
    for folder in Attempts(home).all():
        with suppress(OSError):
            if _signed(folder) == name and _is_open(folder):
                blamed = not shared or any((one / HAD).is_file() for one in folder.parent.iterdir())
                write_text(folder / HAD, str(total() if blamed else 0))
                if blamed:
                    add_last(folder, no_memory())


def _signed(folder: Path) -> str:
    """Who works, or worked, the attempt; "" where that is not known."""
    with suppress(OSError):
        return (folder / WORKER).read_text("utf-8")
    return ""


def _is_open(folder: Path) -> bool:
    last = last_entry(folder)
    return last is None or not last.is_last


def no_memory() -> RunFailed:
    return RunFailed(
        "experiment", f"There was not enough memory on {socket.gethostname()}.",
        "Choose smaller images or a smaller batch, or add a machine with more memory.", cause="memory",
    )  # fmt: skip


def is_too_large(attempts: Attempts, uid: str) -> bool:
    """Whether an attempt of the run wanted more memory than this machine has."""
    return any(_had(folder) >= total() for folder in attempts.of(uid))


def _had(folder: Path) -> int:
    with suppress(OSError, ValueError):
        return int((folder / HAD).read_text("utf-8"))
    return 0
