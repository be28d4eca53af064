"""Reading the files of a folder or zip, one at a time and never more than was agreed. A zip is read in place."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.data.files.kinds import HEAD, unread
from engine.machine.files import MEBIBYTE, Unread, open_regular, size_of

LARGEST_IMAGE = 200 * MEBIBYTE
FAULTS = (OSError, EOFError, RuntimeError, ValueError, KeyError, MemoryError, zlib.error, lzma.LZMAError,
          zipfile.BadZipFile)  # fmt: skip
UNPACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
PACKERS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 93: "Zstandard", 95: "XZ", 97: "WavPack", 98: "PPMd", 99: "AES"}


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A file. path: with / inside the folder or zip, as it is shown; size in bytes; stamp that changes when the file
    does; real: the path as it is stored."""

    path: str
    size: int
    stamp: int
    real: str


class Files:
    """Reads files; several threads may read at the same time. All raise `Unread` with the reason."""

    def head(self, entry: Entry) -> bytes:
        """The first bytes, enough to know what it is."""
        with self._opened(entry) as (stream, _):
            return stream.read(HEAD)

    def image(self, entry: Entry) -> bytes:
        """The whole of an image file; of what is none by its first bytes no more than those are read."""
        with self._opened(entry) as (stream, size):
            head = stream.read(HEAD)
            if reason := unread(entry.path, head):
                raise Unread(reason)
            return head + _rest(stream, size, LARGEST_IMAGE)

    def whole(self, entry: Entry, most: int) -> bytes:
        """All of a file of at most so many bytes."""
        with self._opened(entry) as (stream, size):
            head = stream.read(HEAD)
            return head + _rest(stream, size, most)

    def beginning(self, entry: Entry, most: int) -> bytes:
        """At most so many of its first bytes."""
        with self._opened(entry) as (stream, _):
            return stream.read(most)

    def close(self) -> None:
        """Nothing is held open."""

    @abstractmethod
    def _stream(self, entry: Entry) -> tuple[IO[bytes], int]:
        """What to read from, and its size in bytes."""

    @contextmanager
    def _opened(self, entry: Entry) -> Iterator[tuple[IO[bytes], int]]:
        try:
            stream, size = self._stream(entry)
            with stream:
                yield stream, size
        except (FileNotFoundError, NotADirectoryError):
            raise Unread("not there any more") from None
        except FAULTS:
            raise Unread("cannot be read") from None


class FolderFiles(Files):
    def __init__(self, root: Path) -> None:
        self._root = f"{root}/"

    def _stream(self, entry: Entry) -> tuple[IO[bytes], int]:
        opened = open_regular(self._root + entry.real)
        return opened, size_of(opened)


class ZipFiles(Files):
    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._members = {member.filename: member for member in self._zip.infolist()}

    def _stream(self, entry: Entry) -> tuple[IO[bytes], int]:
        """At most the declared size is ever unpacked."""
        member = self._members[entry.real]
        if member.compress_type not in UNPACKED:
            packer = PACKERS.get(member.compress_type, f"method {member.compress_type}")
            raise Unread(f"packed with {packer}, which is not read here")
        return self._zip.open(member), member.file_size

    def close(self) -> None:
        self._zip.close()


def _rest(stream: IO[bytes], size: int, most: int) -> bytes:
    if size > most:
        raise Unread(f"larger than {most // MEBIBYTE} MB")
    return stream.read(size - HEAD) if size > HEAD else b""
