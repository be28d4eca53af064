"""The data sets of this machine as the list shows them: folders that were opened, what comes with the program, and
what can be fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.comparison.wording import count
from engine.data.files.kinds import lies_as
from engine.experiment import DatasetChoice

if TYPE_CHECKING:
    from engine.data.dataset import DatasetInfo
    from storage.data_sets import UsedData

OWN, HERE, BUNDLED, FETCHED = "Yours", "On this machine", "With the program", "To download"


@dataclass(frozen=True, slots=True)
class KnownSet:
    """One line of the list. key: "name:path", or the name alone. group: its heading. facts: a few words. there: whether
    it can be read now. place: where its files lie, "" for what comes with the program or is not here."""

    key: str
    title: str
    group: str
    facts: str
    licence: str = ""
    there: bool = True
    place: str = ""

    @property
    def choice(self) -> DatasetChoice:
        name, _, path = self.key.partition(":")
        return DatasetChoice(name=name, path=path or None)

    @property
    def is_own(self) -> bool:
        return self.group == OWN


def known_sets(used: Iterable[UsedData], recent: Iterable[str]) -> list[KnownSet]:
    """All there are; looks whether folders are still there, so not in the window's thread. recent: keys that the form
    remembers, the newest first."""
    from engine.data.sources import datasets, sets

    rows = {one.key: one for one in used}
    hidden = {key for key, one in rows.items() if one.hidden}
    keys = dict.fromkeys(key for key in (*rows, *recent) if ":" in key and key not in hidden)
    own = [_own(key, rows) for key in keys]
    drawn = {one.name for one in sets() if one.drawn is not None}
    offered = [_offered(info) for info in datasets() if info.where != "your folder" and info.name not in drawn]
    return own + sorted(offered, key=lambda one: (HERE, BUNDLED, FETCHED).index(one.group))


def _own(key: str, rows: Mapping[str, UsedData]) -> KnownSet:
    path, row = Path(key.partition(":")[2]), rows.get(key)
    there = is_there(path)
    runs = row.runs if row else 0
    facts = "missing" if not there else count(runs, "runs") if runs else lies_as(path.name)
    return KnownSet(key, (row.title if row else "") or path.name or str(path), OWN, facts, "yours", there, str(path))


def _offered(info: DatasetInfo) -> KnownSet:
    group = {"bundled": BUNDLED, "on this machine": HERE}.get(info.where, FETCHED)
    from engine.data.sources import dataset, place

    what = dataset(info.name).what
    facts = f"{count(info.images, what)}, {count(info.classes, 'classes')}" if info.images and info.classes else ""
    lies = place(info.name) if group == HERE else None
    return KnownSet(info.name, info.title, group, facts, info.licence, group != FETCHED, str(lies or ""))


def is_there(path: Path) -> bool:
    try:
        return path.expanduser().exists()
    except OSError:
        return False
