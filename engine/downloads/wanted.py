"""One thing that a person asked for: a data set or a set of weights, of one file or several."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.downloads.remote import Remote


@dataclass(frozen=True, slots=True)
class Wanted:
    """key: what it is, "data:eurosat" or "weights:resnet50:imagenet". folder: where its files go. unpack: archives are
    unpacked there. licence: as stated by those who publish it."""

    key: str
    title: str
    files: tuple[Remote, ...]
    folder: Path
    unpack: bool = False
    licence: str = ""
    about: int = field(default=0, compare=False)  # bytes, as rounded by those who list it; nothing is held to them

    @property
    def bytes(self) -> int:
        """Of all its files, 0 when one of them does not state its size."""
        sizes = [file.bytes for file in self.files]
        return sum(sizes) if all(sizes) else 0

    @property
    def has_own_folder(self) -> bool:
        """Data sets have one; weights lie among others, in the cache of those who read them."""
        return self.key.startswith("data:")

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(file.host for file in self.files))
