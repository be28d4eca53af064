"""How much memory decoded images may take, and what a run has to say of where it put them instead."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SHARE = 0.5  # of what is free now
VARIABLE = "WARMSTART_MEMORY"  # in MB, instead of that share
LEAST = 64 * 10**6  # small sets are held whatever is free: it is less than anything else of a run takes
GROUP, OWN_GROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


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


def fits(octets: int) -> bool:
    """Whether decoded images may take so many bytes now. Of a small set nothing is measured: it takes milliseconds."""
    chosen = os.environ.get(VARIABLE, "")
    return octets <= room() if chosen.isdecimal() or octets > LEAST else True


def free() -> int:
    """Bytes that this process could take without anybody swapping."""
    import psutil  # not before the first paint

    return max(0, min([int(psutil.virtual_memory().available), *(one.most - one.used() for one in groups())]))


def total() -> int:
    """Bytes that this process could take if it were alone: of the machine, or of its group where that has fewer."""
    import psutil

    return min([int(psutil.virtual_memory().total), *(one.most for one in groups())])


@dataclass(frozen=True)
class MemoryGroup:
    """A group of processes with a limit, as batch systems and containers make them. most: bytes."""

    folder: Path
    most: int

    def used(self) -> int:
        """Bytes, without those of files that were read, which the system gives up when asked."""
        for current, given_up in (("current", "inactive_file"), ("usage_in_bytes", "total_inactive_file")):
            with suppress(OSError, ValueError, KeyError):
                lines = (self.folder / "memory.stat").read_text().splitlines()
                kinds = dict(line.split() for line in lines)
                return int((self.folder / f"memory.{current}").read_text()) - int(kinds[given_up])
        return 0


def groups() -> Iterator[MemoryGroup]:
    """Those that this process is in, with those around them."""
    for folder in dict.fromkeys(_folders()):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # none of that kind, or no limit ("max")
                yield MemoryGroup(folder, int((folder / name).read_text()))


def _folders() -> Iterator[Path]:
    """Where the groups stand; what is outside of a container is not seen from within."""
    with suppress(OSError, ValueError):
        for line in OWN_GROUPS.read_text().splitlines():
            _, kind, path = line.split(":", 2)
            if kind in ("", "memory"):
                own = Path(f"{GROUP}/{kind}/{path}")
                yield from (one for one in (own, *own.parents) if one.is_relative_to(GROUP))
    yield GROUP


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
