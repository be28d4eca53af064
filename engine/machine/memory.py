"""How much memory decoded images may take, and what a run has to say of where it put them instead."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from typing import Protocol

SHARE = 0.5  # of what is free now
VARIABLE = "WARMSTART_MEMORY"  # in MB, instead of that share
LEAST = 64 * 10**6  # small sets are held whatever is free: it is less than anything else of a run takes
GROUP = Path("/sys/fs/cgroup")


class Holder(Protocol):
    """What will take `owed` more bytes as it is filled."""

    @property
    def owed(self) -> int: ...


_promised: weakref.WeakSet[Holder] = weakref.WeakSet()  # so that no memory is given out twice
_promising = threading.Lock()


def promise(holder: Holder) -> None:
    """What it owes is no longer there for others, as long as it lives."""
    with _promising:
        _promised.add(holder)


def room() -> int:
    """Bytes that decoded images may take now: $WARMSTART_MEMORY, or half of what is free here, containers heeded."""
    chosen = os.environ.get(VARIABLE, "")
    with _promising:
        holders = list(_promised)
    unused = free() - sum(one.owed for one in holders)
    return int(chosen) * 10**6 if chosen.isdecimal() else max(LEAST, int(SHARE * unused))


def free() -> int:
    """Bytes that this process could take without anybody swapping."""
    import psutil  # not before the first paint

    available = int(psutil.virtual_memory().available)
    try:
        most, used = (int((GROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        kinds = dict(line.split() for line in (GROUP / "memory.stat").read_text().splitlines())
        used -= int(kinds["inactive_file"])  # of files that were read, which the system gives up when asked
    except (OSError, ValueError, KeyError):  # no container, or one without a limit ("max")
        return available
    return max(0, min(available, most - used))


class Remarks(threading.local):
    """What the run of this thread has found out on its way and a person should be told; each once."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self._told = 0

    def begin(self) -> None:
        """A new run: nothing is said yet. What the one before it holds on to keeps its own list."""
        self.said, self._told = [], 0

    def new(self) -> list[str]:
        """Those that were not given out yet."""
        told, self._told = self._told, len(self.said)
        return self.said[told : self._told]


remarks = Remarks()


def remark(said: list[str], text: str) -> None:
    if text not in said:
        said.append(text)
