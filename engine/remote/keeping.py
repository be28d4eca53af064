"""Files that a machine of a cluster was sent, each once, by its content; orders find them where they are to lie."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from engine.errors import StorageError
from engine.machine.files import replacing
from engine.remote.attempts import linked
from engine.remote.order import RUNS, NeededFile, digest_of

PIECE = 4 * 2**20  # bytes that are sent at a time
DIGEST = re.compile("[0-9a-f]{64}")
SENDER = re.compile("[0-9a-zA-Z]{1,64}")


class KeptFiles:
    """Below the home of a machine, which several processes of it may share."""

    def __init__(self, home: Path) -> None:
        self._home, self._folder = home, home / "files"

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Those that are not here yet."""
        return sorted({one for one in digests if not self._file(one).is_file()})

    def bytes_here(self, digests: Iterable[str]) -> int:
        """Of those that are on their way."""
        parts = (part for one in digests for part in self._file(one).parent.glob(f"{one}.*.part"))
        return sum(part.stat().st_size for part in parts)

    def put(self, digest: str, offset: int, piece: bytes, whole: bool, sender: str) -> None:
        """Take the next piece of a file; the last makes it whole. sender: who sends it, so that two do not write into
        one another's. Raises `StorageError` where it is another file, `OSError`."""
        if not SENDER.fullmatch(sender):
            raise StorageError("This is no name of a sender.", "Begin the run anew.")
        file = self._file(digest)
        part = file.with_name(f"{digest}.{sender}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("r+b" if offset else "wb") as opened:
            opened.seek(offset)
            opened.write(piece)
        if not whole:
            return
        if digest_of(part) != digest:
            part.unlink()
            raise StorageError("A file arrived damaged.", "It is sent again.")
        os.replace(part, file)

    def lay(self, needs: Iterable[NeededFile], attempt: Path) -> None:
        """Put them where they are to lie: files of other runs beside the run's own folder in the attempt's, all else
        below this home. Raises `StorageError` for a place that is neither, `OSError`."""
        for need in needs:
            root = attempt if need.path.startswith(f"{RUNS}/") else self._home
            place = root / need.path
            if not place.resolve().is_relative_to(root.resolve()):
                raise StorageError(f"“{need.path}” lies outside of this machine's folder.", "Begin the run anew.")
            if not self._lies(need, place):
                with replacing(place, shared=True) as part:
                    linked(self._file(need.digest), part)
            os.utime(self._file(need.digest))

    def _lies(self, need: NeededFile, place: Path) -> bool:
        """Whether it is that file: others may be as long."""
        try:
            return os.path.samefile(place, self._file(need.digest)) or (
                place.stat().st_size == need.size and digest_of(place) == need.digest
            )
        except FileNotFoundError:
            return False

    def _file(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise StorageError("This is no name of a file.", "Begin the run anew.")
        return self._folder / digest[:2] / digest
