"""One file that others publish, and how it comes here whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

Head: TypeAlias = bytes  # what a file begins with


@dataclass(frozen=True, slots=True)
class Remote:
    """name: the file name it is kept under. bytes: its size, 0 when nobody states it. digest: "sha256:…", "md5:…" or
    the first characters alone, "sha256-prefix:1a2b3c4d"; empty when nobody states one. magic: what the file begins
    with. mirrors: further addresses of the same file."""

    url: str
    name: str
    bytes: int = 0
    digest: str = ""
    magic: Head = b""
    mirrors: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""
