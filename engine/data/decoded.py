"""Decoded images of a large set on the disk, one row an image; a row is believed only with its own checksum."""

from __future__ import annotations

import os
import shutil
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.data.cutting import PLAIN, Cut
from engine.data.files.decode import decoders
from engine.data.hashes import digest, short_hash
from engine.data.labelled_set import LabelledSet
from engine.machine.files import cache_folder

FOLDER, ENDING, RECIPE = "decoded", ".pixels", "1"
MOST_BYTES, LEFT_FREE = 20 * 10**9, 10**9  # of all sets together; of the disk
SUM_BYTES = 8


class NoRoom(Exception):
    """The disk cannot hold the set."""


class DecodedFile:
    """uint8 [images, size, size, channels] in a sparse file, each row followed by its digest.

    A row that was never written, was half written or was changed does not match its digest and counts as missing, so
    that the file needs no end: whenever the program is interrupted, what is whole is used and the rest decoded again.
    Threads and processes may share it; they write the same bytes. Raises `NoRoom` when it cannot be made.
    """

    def __init__(
        self, data: LabelledSet, size: int, channels: int, folder: Path | None = None, how: Cut = PLAIN
    ) -> None:  # fmt: skip
        self._shape = (size, size, channels)
        self._row = size * size * channels + SUM_BYTES
        self.bytes = len(data) * self._row
        self.path = (folder or cache_folder() / FOLDER) / f"{_key(data, size, channels, how)}{ENDING}"
        self._lock = threading.Lock()
        self.full = False  # the disk took no more
        try:
            self._file = self._opened()
        except OSError:
            raise NoRoom from None
        weakref.finalize(self, self._file.close)

    def _opened(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        make_room(self.path, self.bytes)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        file = os.fdopen(handle, "r+b", buffering=0)
        try:
            if os.fstat(handle).st_size != self.bytes:
                file.truncate(0)
                file.truncate(self.bytes)
            os.utime(self.path)  # the oldest are those that nobody used for longest
        except OSError:  # such as a file system of small files
            file.close()
            raise
        return file

    def read(self, index: int) -> NDArray[np.uint8] | None:
        """uint8 [size, size, channels], None where it is not there."""
        try:
            with self._lock:
                self._file.seek(index * self._row)
                row = self._file.read(self._row)
        except OSError:
            return None
        body = memoryview(row)[:-SUM_BYTES]
        if len(row) != self._row or digest(body) != int.from_bytes(row[-SUM_BYTES:], "little"):
            return None
        return np.frombuffer(body, dtype=np.uint8).reshape(self._shape)

    def write(self, index: int, pixels: NDArray[np.uint8]) -> None:
        """Nothing more is written once the disk is full, which `full` tells."""
        if self.full:
            return
        body = pixels.tobytes()
        row = body + digest(body).to_bytes(SUM_BYTES, "little")
        try:
            with self._lock:
                self._file.seek(index * self._row)
                self.full = self._file.write(row) != len(row)
        except OSError:
            self.full = True


def make_room(path: Path, wanted: int) -> None:
    """Remove the files that nobody used for longest, until `path` may grow to `wanted` bytes.

    Raises `NoRoom` where even that would not do; then nothing is removed.
    """
    others = [one for one in _files(path.parent) if one[2] != path]
    held, free = sum(size for _, size, _ in others), shutil.disk_usage(path.parent).free - LEFT_FREE
    wants_more = wanted - _allocated(path)
    if wanted > MOST_BYTES or wants_more > free + sum(map(_allocated, (other for *_, other in others))):
        raise NoRoom
    for _, size, other in sorted(others):
        if held + wanted <= MOST_BYTES and wants_more <= free:
            return
        held, free = held - size, free + _allocated(other)
        with suppress(OSError):
            other.unlink()


def _allocated(path: Path) -> int:
    """Bytes of the disk that it takes; a sparse file has holes."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return 512 * status.st_blocks if hasattr(status, "st_blocks") else status.st_size


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """(when it was last used, bytes, path) of all sets that are kept."""
    found = []
    for path in folder.glob(f"*{ENDING}"):
        with suppress(OSError):
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    return found


def _key(data: LabelledSet, size: int, channels: int, how: Cut) -> str:
    """Equal for equal pixels: the same files, decoded and cut by the same code of ours and of the libraries."""
    cut = () if how == PLAIN else (repr(how),)
    return short_hash(RECIPE, data.name, data.fingerprint, f"{size} {channels}", *cut, *decoders())
