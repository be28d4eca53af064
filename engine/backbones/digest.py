"""torchvision's file names end in the first characters of their SHA-256; what does not fit is not torchvision's."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

_NAMED = re.compile(r"-([0-9a-f]{8,})\.")


def fits_name(path: Path, digest: str) -> bool:
    """Whether the digest begins as the name says; true for a name that says nothing."""
    found = _NAMED.search(path.name)
    return found is None or digest.startswith(found.group(1))


def is_as_named(path: Path) -> bool:
    """Whether the file's own bytes fit its name; read once for as long as it stays the same. Raises `OSError`."""
    status = path.stat()
    return fits_name(path, _digest(path, status.st_size, status.st_mtime_ns, status.st_ino))


@lru_cache(maxsize=16)
def _digest(path: Path, size: int, changed: int, inode: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
