"""One at a time, among threads and processes: by a lock that the system lets go when its holder dies.

On a disk that knows no locks (some that others share) nobody waits, since it would be for ever.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import Cancelled

LOOK_AGAIN = 0.1  # seconds
HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # what a system says of a lock of others

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            return error.errno not in HELD
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of this opening: holds among threads too
        except OSError as error:
            return error.errno not in HELD
        return True


@contextmanager
def locked(path: Path, cancelled: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Hold the lock of this file, made for it and removed after. Raises `Cancelled` while waiting, `OSError`."""
    descriptor = _taken(path)
    while descriptor is None:
        if cancelled():
            raise Cancelled
        time.sleep(LOOK_AGAIN)
        descriptor = _taken(path)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows: it is still open
            path.unlink()
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    """The locked file; None when another holds it, or has just removed it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    if _try_lock(descriptor) and _is_at(path, descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False
