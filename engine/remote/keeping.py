"""Files that a machine of a cluster was sent, each once, by its content; orders find them where they are to lie."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from engine.backbones.located import hub_checkpoints
from engine.errors import StorageError
from engine.machine.files import replacing
from engine.remote.attempts import linked
from engine.remote.needed import CHECKPOINTS, RUNS, digest_of
from engine.remote.order import NeededFile

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

    def adopt(self, needs: Iterable[NeededFile]) -> None:
        """Those that lie in their place already, such as weights that this machine fetched, need not be sent."""
        for need in needs:
            file, place = self._file(need.digest), self._checked(*self._place(need))
            if not file.is_file() and self._lies(need, place):
                file.parent.mkdir(parents=True, exist_ok=True)
                with replacing(file, shared=True) as part:
                    linked(place, part)

    def _place(self, need: NeededFile) -> tuple[Path, str]:
        """The folder that it is to lie below, and its path there."""
        first, _, rest = need.path.partition("/")
        return (hub_checkpoints(), rest) if first == CHECKPOINTS else (self._home, need.path)

    @staticmethod
    def _checked(root: Path, path: str) -> Path:
        place = root / path
        if not place.resolve().is_relative_to(root.resolve()):
            raise StorageError(f"“{path}” lies outside of this machine's folder.", "Begin the run anew.")
        return place

    def last_came(self) -> int:
        """A number that changes whenever something comes, for whatever run: those behind it wait for their turn."""
        with suppress(OSError):  # nothing ever came
            return self._folder.stat().st_mtime_ns
        return 0

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
        os.utime(self._folder)
        if not whole:
            return
        if digest_of(part) != digest:
            part.unlink()
            raise StorageError("A file arrived damaged.", "It is sent again.")
        os.replace(part, file)

    def lay(self, needs: Iterable[NeededFile], attempt: Path) -> None:
        """Put them where they are to lie: below this home, those of other runs also beside the run's own folder in the
        attempt's, torchvision's weights in its own cache. Raises `StorageError` for any other place, `OSError`."""
        for need in needs:
            self._lay(need, self._checked(*self._place(need)))
            if need.path.startswith(f"{RUNS}/"):
                self._lay(need, self._checked(attempt, need.path))

    def _lay(self, need: NeededFile, place: Path) -> None:
        file = self._file(need.digest)
        if not self._lies(need, place):
            with replacing(place, shared=True) as part:
                linked(file, part)
        os.utime(file)

    def _lies(self, need: NeededFile, place: Path) -> bool:
        """Whether it is that file: others may be as long."""
        file = self._file(need.digest)
        if not place.is_file() or place.stat().st_size != need.size:
            return False
        return (file.is_file() and os.path.samefile(place, file)) or digest_of(place) == need.digest

    def _file(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise StorageError("This is no name of a file.", "Begin the run anew.")
        return self._folder / digest[:2] / digest


def pieces(file: Path) -> Iterator[tuple[int, bytes, bool]]:
    """(offset, at most 4 MB, whether it is the last) of a file; one piece of an empty one."""
    size, offset = file.stat().st_size, 0
    with file.open("rb") as opened:
        while True:
            piece = opened.read(PIECE)
            yield offset, piece, offset + len(piece) >= size
            offset += len(piece)
            if offset >= size or not piece:
                return
