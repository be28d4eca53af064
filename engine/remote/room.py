"""Whether a machine of a cluster can work now: room on its disk."""

from __future__ import annotations

import errno
import shutil
import socket
from pathlib import Path

from engine.errors import ExperimentError
from engine.machine.files import MEBIBYTE

LEAST = 256 * MEBIBYTE  # bytes that are free before a run is begun
SHARE = 0.05  # of a small disk
FULL = (errno.ENOSPC, errno.EDQUOT)


class CannotWork(ExperimentError):
    """This machine cannot work an order now; another may, or this one later. full: for want of room on its disk."""

    def __init__(self, message: str, full: bool = False) -> None:
        super().__init__(message, "It is put in line again.")
        self.full = full


def has_room(home: Path) -> bool:
    """Whether a run may be begun there."""
    there = next(one for one in (home, *home.parents) if one.exists())
    total, _, free = shutil.disk_usage(there)
    return free > min(LEAST, SHARE * total)


def look_for_room(home: Path) -> None:
    """Raises `CannotWork`."""
    if not has_room(home):
        raise CannotWork(f"The disk of {socket.gethostname()} is full.", full=True)


def cannot(error: CannotWork | OSError) -> CannotWork:
    """The same in words."""
    if isinstance(error, CannotWork):
        return error
    if error.errno in FULL:
        return CannotWork(f"The disk of {socket.gethostname()} is full.", full=True)
    return CannotWork(f"Nothing can be written on {socket.gethostname()} ({(error.strerror or str(error)).lower()}).")
