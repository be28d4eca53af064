"""Which processes are alive, by a lock that the system itself lets go when a process dies.

Each process that owns runs holds an exclusive lock on a file of its own. A process number alone proves nothing, because
systems use numbers again; a heartbeat alone cannot tell a dead process from a machine that slept.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import secrets
import sys
import threading
import time
from pathlib import Path

from engine.errors import StorageError

STALE = 60.0  # seconds after which a file that nobody locks may be swept away

_held: dict[Path, tuple[str, int, int]] = {}  # folder -> (token, process number, file descriptor)
_guard = threading.Lock()
_TOKEN = re.compile(r"\d+-[0-9a-f]+")

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def token(folder: Path) -> str:
    """This process's name in `folder`, backed by a lock that lasts until the process ends; raises `StorageError`."""
    with _guard:
        held = _held.get(folder)
        try:
            if held is None or held[1] != os.getpid() or not (folder / held[0]).exists():
                held = _held[folder] = _announce(folder)
        except OSError as error:
            raise StorageError("The workspace's folder “presence” cannot be written.", "Make it writable.") from error
        return held[0]


def _announce(folder: Path) -> tuple[str, int, int]:
    name = f"{os.getpid()}-{secrets.token_hex(8)}"
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    _try_lock(descriptor)
    return name, os.getpid(), descriptor


def is_alive(folder: Path, name: str | None) -> bool:
    """Whether the process that called itself `name` still runs."""
    with _guard:
        held = _held.get(folder)
        if held is not None and held[:2] == (name, os.getpid()):
            return True
        return name is not None and _TOKEN.fullmatch(name) is not None and _is_locked(folder / name)


def sweep(folder: Path) -> None:
    """Remove the files of processes that died."""
    with _guard:
        held = _held.get(folder)
        for path in folder.iterdir():
            if held is not None and path.name == held[0]:
                continue
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE and not _is_locked(path):
                    path.unlink()


def _is_locked(path: Path) -> bool:
    """Never called for a file of this process: closing it would let go of its own lock."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


@atexit.register
def _leave() -> None:
    for folder, (name, process, descriptor) in _held.items():
        if process == os.getpid():
            with contextlib.suppress(OSError):
                os.close(descriptor)
                (folder / name).unlink()
