"""Which image file a list means: by its whole path, by the end of it, by its name alone; with or without an ending."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from engine.data.files.names import clean
from engine.data.files.reading import Entry


class FoundImages:
    """Image files by what a list may call them. Capitals do not matter, nor which slash is used."""

    def __init__(self, images: Iterable[Entry]) -> None:
        self._by_name: dict[str, list[Entry]] = {}
        for entry in images:
            name = entry.path.rpartition("/")[2].casefold()
            for key in {name, _stem(name)}:
                self._by_name.setdefault(key, []).append(entry)

    def of(self, said: str, near: str = "") -> Entry | None:
        """None where no file fits, or several do and none lies at `near` (the folder of the list)."""
        path = clean(said.replace("\\", "/").strip().removeprefix("./")).casefold()
        several = self._by_name.get(path.rpartition("/")[2], [])
        ends = [one for one in several if _ends_with(one.path.casefold(), path)]
        if not ends and len(several) == 1:  # a path of another machine: the name alone tells
            return several[0]
        beside = [one for one in ends if _is(one.path.casefold(), f"{near}/{path}".lstrip("/").casefold())]
        return next(iter(beside), ends[0] if len(ends) == 1 else None)


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _is(path: str, said: str) -> bool:
    return path == said or path.rpartition(".")[0] == said


def _ends_with(path: str, said: str) -> bool:
    return any(whole == said or whole.endswith(f"/{said}") for whole in (path, path.rpartition(".")[0]))
