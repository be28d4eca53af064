"""Whether what came is the file that was meant: its first bytes, its digest. No other fact is believed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from engine.errors import Cancelled

BLOCK = 2**20  # bytes
HEAD = 1024  # bytes that say whether a file is a web page
_PAGE = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)", re.IGNORECASE | re.DOTALL
)
_PAGES = (".html", ".htm", ".xhtml")


def is_web_page(name: str, kind: str, head: bytes) -> bool:
    """Whether a host gave a page for people instead of the file. kind: its Content-Type; head: how the body begins."""
    if name.lower().endswith(_PAGES):
        return False
    return kind.lower().startswith(("text/html", "application/xhtml")) or _PAGE.match(head) is not None


def fits(path: Path, digest: str, cancelled: Callable[[], bool] = lambda: False) -> bool:
    """Whether the file has this digest, stated as in `Remote`; true where nothing is stated. Raises `OSError`."""
    if not digest:
        return True
    kind, _, wanted = digest.partition(":")
    found = hashlib.new(kind.removesuffix("-prefix"), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            if cancelled():
                raise Cancelled
            found.update(block)
    return found.hexdigest().startswith(wanted.lower()) if kind.endswith("-prefix") else found.hexdigest() == wanted


def begins(path: Path, magic: bytes) -> bool:
    """Whether the file begins so. Raises `OSError`."""
    with path.open("rb") as file:
        return file.read(len(magic)) == magic
