"""Files that somebody else may have made are read only if they are regular; own ones are the old or the new one, whole,
also after a power cut."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import platformdirs

MEBIBYTE = 2**20


class Unread(Exception):
    """What was named is not read; the text says why in a few words."""


def open_regular(path: str | Path) -> BinaryIO:
    """The regular file at `path`, links followed, unbuffered; opening a pipe or a device waits for nobody.

    Raises `Unread` for anything that is no regular file, `OSError`.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise Unread("not a file")
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unread("not a file")
    return os.fdopen(handle, "rb", buffering=0)


def size_of(opened: BinaryIO) -> int:
    return os.fstat(opened.fileno()).st_size


@contextmanager
def replacing(path: Path, shared: bool = False) -> Iterator[Path]:
    """The name to write under what takes the place of `path` once it is whole; a folder that is gone is made again.

    shared: others may write the same file at the same time, and it can be made again: it is not waited for the disk.
    Raises `OSError`.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}{f'.{os.getpid()}-{threading.get_ident()}' if shared else ''}.part")
    try:
        yield part
        if not shared:
            settle(part)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def begin_writing(file: Path) -> None:
    """The disk is told to begin with what was written of it, where the system can: several files that are settled one
    after the other cost it less than half. Raises `OSError`."""
    if hasattr(os, "posix_fadvise"):
        with _opened(file) as handle:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


def settle(file: Path) -> None:
    """What was written of it is on the disk. Raises `OSError`."""
    with _opened(file) as handle:
        os.fsync(handle)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    handle = os.open(file, os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        yield handle
    finally:
        os.close(handle)


def cache_folder() -> Path:
    """Where what can be made again is kept between sessions: $WARMSTART_CACHE or the user's cache folder."""
    chosen = os.environ.get("WARMSTART_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("warmstart"))


def write_text(path: Path, text: str) -> None:
    """A small text; raises `OSError`."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def trim(folder: Path, keep: Path, most: int) -> None:
    """Remove the files not used for longest until all together have at most `most` bytes; never `keep`."""
    with suppress(OSError):
        files = sorted(folder.glob("*"), key=lambda file: file.stat().st_mtime_ns)
        total = sum(file.stat().st_size for file in files)
        for file in files:
            if total <= most:
                return
            if file != keep:
                total -= file.stat().st_size
                file.unlink()
