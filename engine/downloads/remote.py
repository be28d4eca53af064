"""One file that others publish. Nothing of a network is imported here: what can be fetched is known long before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

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

    def __post_init__(self) -> None:
        if self.name in ("", ".", "..") or any(sign in self.name for sign in "/\\\0:"):
            raise ValueError(f"“{self.name}” is no name of a file")

    @property
    def host(self) -> str:
        from urllib.parse import urlsplit

        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:  # it is no address, as the one who asks it will say
            return self.url

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.url, *self.mirrors)
