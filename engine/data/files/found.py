"""Which image file a list means: by its whole path, by the end of it, by its name alone; with or without an ending."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from engine.data.files.names import clean
from engine.data.files.reading import Entry


class FoundImages:
    """Image files by what a list may call them. Capitals matter only where they tell two files apart, and it does not
    matter which slash is used."""

    def __init__(self, images: Iterable[Entry]) -> None:
        self._by_name: dict[str, list[Entry]] = {}
        for entry in images:
            name = _name(entry.path).casefold()
            for key in {name, _stem(name)}:
                self._by_name.setdefault(key, []).append(entry)

    def of(self, said: str, near: str = "") -> Entry | None:
        """None where no path ends so, or several do and none lies at `near` (the folder of the list)."""
        path = _as_path(said)
        ends = [one for one in self._called(path) if _ends_with(one.path.casefold(), path.casefold())]
        at = f"{near}/{path}".lstrip("/").casefold()
        beside = [one for one in ends if at in _forms(one.path.casefold())]
        exact = [one for one in beside or ends if _ends_with(one.path, path)]
        found = exact or beside or ends
        return found[0] if beside or len(found) == 1 else None

    def elsewhere(self, said: str) -> Entry | None:
        """As a list of another machine calls it: the file whose whole path ends what is said, else the only one of this
        name."""
        path = _as_path(said).casefold()
        several = self._called(path)
        whole = [one for one in several if any(path.endswith(f"/{form}") for form in _forms(one.path.casefold()))]
        found = whole or several
        return found[0] if len(found) == 1 else None

    def meant(self, said: Iterable[str], near: str = "") -> dict[str, Entry]:
        """The file of each name of a list. A path of another machine is followed where the list does not know better:
        it has other files of that folder, or another name for the same file."""
        names = dict.fromkeys(said)
        sure = {one: entry for one in names if (entry := self.of(one, near)) is not None}
        homes = {_home(_as_path(one)) for one in sure} - {""}
        guessed = {
            one: entry
            for one in names
            if one not in sure and _home(_as_path(one)) not in homes and (entry := self.elsewhere(one)) is not None
        }
        claims = Counter(entry.path for entry in (*sure.values(), *guessed.values()))
        return sure | {one: entry for one, entry in guessed.items() if claims[entry.path] == 1}

    def _called(self, path: str) -> list[Entry]:
        return self._by_name.get(_name(path).casefold(), [])


def _as_path(said: str) -> str:
    return clean(said.replace("\\", "/").strip().removeprefix("./"))


def _home(path: str) -> str:
    return path.rpartition("/")[0].casefold()


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(name: str) -> str:
    before, dot, _ = name.rpartition(".")
    return before if dot and before else name


def _forms(path: str) -> tuple[str, str]:
    """With and without its ending."""
    return path, path.rpartition(".")[0]


def _ends_with(path: str, said: str) -> bool:
    return any(whole == said or whole.endswith(f"/{said}") for whole in _forms(path))
