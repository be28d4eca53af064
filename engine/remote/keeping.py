"""Files that a machine of a cluster was sent, each once, by its content; orders find them where they are to lie."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from engine.errors import StorageError
from engine.machine.files import replacing
from engine.remote.order import NeededFile, digest_of

PIECE = 4 * 2**20  # bytes that are sent at a time


class KeptFiles:
    """Below the home of a machine, which several processes of it may share."""

    def __init__(self, home: Path) -> None:
        self._home, self._folder = home, home / "files"

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Those that are not here yet."""
        return sorted({one for one in digests if not self._file(one).is_file()})

    def put(self, digest: str, offset: int, piece: bytes, whole: bool) -> None:
        """Take the next piece of a file; the last makes it whole. Raises `StorageError` where it is another file."""
        part = self._file(digest).with_suffix(".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("r+b" if offset else "wb") as file:
            file.seek(offset)
            file.write(piece)
        if not whole:
            return
        if digest_of(part) != digest:
            part.unlink()
            raise StorageError("A file arrived damaged.", "Send it again.")
        os.replace(part, self._file(digest))

    def lay(self, needs: Iterable[NeededFile]) -> None:
        """Put them where they are to lie. Raises `StorageError` for a place that is none of this machine's."""
        for need in needs:
            place = self._home / need.path
            if not place.resolve().is_relative_to(self._home.resolve()):
                raise StorageError(f"“{need.path}” lies outside of this machine's folder.", "Begin the run anew.")
            if place.is_file() and place.stat().st_size == need.size:
                continue
            with replacing(place, shared=True) as part:
                _linked(self._file(need.digest), part)

    def _file(self, digest: str) -> Path:
        if not digest.isalnum():
            raise StorageError("This is no name of a file.", "Begin the run anew.")
        return self._folder / digest[:2] / digest


def _linked(file: Path, place: Path) -> None:
    """A second name for the file, or a copy where the disk knows none."""
    with suppress(OSError):
        os.link(file, place)
        return
    shutil.copyfile(file, place)
