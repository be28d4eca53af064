"""Files that are either the old one or the new one, whole, also after a power cut."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path, shared: bool = False) -> Iterator[Path]:
    """The name to write under what takes the place of `path` once it is whole; a folder that is gone is made again.

    shared: others may write the same file at the same time, and it can be made again: it is not waited for the disk.
    Raises `OSError`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part" if shared else ".part")
    try:
        yield part
        if not shared:
            with part.open("rb+") as file:
                os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """A small text; raises `OSError`."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
