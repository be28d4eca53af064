"""What has come of a file so far, kept beside its place until it is whole, and what tells that it is still the same."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from engine.errors import DownloadError

RESERVE = 50_000_000  # bytes that stay free on the disk
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Arriving:
    """`<name>.part` and, beside it, where it comes from. Every error of the disk is a `DownloadError`."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._notes = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        with suppress(OSError):
            return self.path.stat().st_size
        return 0

    def same(self, url: str) -> str:
        """What the host called this state of the file; empty where it comes from elsewhere or nothing is known."""
        with suppress(OSError, ValueError):
            notes = json.loads(self._notes.read_text("utf-8"))
            if isinstance(notes, dict) and notes.get("url") == url:
                return str(notes.get("same", ""))
        return ""

    def note(self, url: str, same: str) -> None:
        with on_disk(self.target):
            self._notes.write_text(json.dumps({"url": url, "same": same}), "utf-8")

    @contextmanager
    def opened(self, start: int) -> Iterator[BinaryIO]:
        """To write from byte `start` on; what lies behind is dropped."""
        with on_disk(self.target):
            file = self.path.open("r+b" if start else "wb")
        with file:
            with on_disk(self.target):
                file.truncate(start)
                file.seek(start)
            yield file
            with on_disk(self.target):
                file.flush()
                os.fsync(file.fileno())

    def finish(self) -> None:
        """It takes its final name."""
        with on_disk(self.target):
            os.replace(self.path, self.target)
        self._notes.unlink(missing_ok=True)

    def drop(self) -> None:
        for path in (self.path, self._notes):
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def on_disk(target: Path) -> Iterator[None]:
    """Errors of the disk in words."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise full(target) from error
        reason = (error.strerror or str(error)).lower()
        raise DownloadError(
            f"Nothing can be written to the folder {target.parent} ({reason}).", "Make it writable, then try again."
        ) from error


def full(target: Path) -> DownloadError:
    return DownloadError(
        f"The disk is too full for {target.name}.", "Free some space, then try again: what has come is kept."
    )


def hold_space(target: Path, needed: int, what: str = "") -> None:
    """Raises `DownloadError` where the disk has not so many bytes free, and some to spare. what: it is called so, else
    by the file's name."""
    with on_disk(target):
        free = shutil.disk_usage(target.parent).free
    if needed + RESERVE > free:
        more = (needed + RESERVE - free) / 1e6
        raise DownloadError(
            f"The disk is too full for {what or target.name}: {max(1, round(more)):,} MB more are needed.",
            "Free some space, then try again: what has come is kept.",
        )
