"""Reading files that somebody else may have made: only regular files, never more than was agreed."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

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
