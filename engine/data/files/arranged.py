"""How a person wants a folder read: by its class folders or a table as they are found, or as it was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.data.files.by_list import short
from engine.data.files.layout import STRAY, Item, Layout, arrange, unlabelled
from engine.data.files.order import natural
from engine.data.files.reading import Entry
from engine.data.files.tables import from_tables, no_table
from engine.data.files.tree import Listing
from engine.data.labelled_set import Skipped
from engine.errors import DataError

FOUND, TABLE, NOWHERE = "as found", "in a table", "nowhere"


@dataclass(frozen=True, slots=True)
class Wish:
    """labels: where classes are said. class_level, group_level: which folder names the class, and a group of classes,
    counted from the outermost; 0 as found."""

    labels: str = FOUND
    class_level: int = 0
    group_level: int = 0


def arranged(listing: Listing, wish: Wish) -> Layout:
    """Of one listing once. Raises `DataError`. Class folders go before a table that lies beside them."""
    known = listing.arrangements.get(wish)
    layout = known if isinstance(known, Layout) else _arranged(listing, wish)
    listing.arrangements[wish] = layout
    return layout


def _arranged(listing: Listing, wish: Wish) -> Layout:
    if wish.labels == NOWHERE:
        return unlabelled(listing)
    if wish.class_level:
        return _by_level(listing, wish.class_level)
    if wish.labels == TABLE:
        layout = from_tables(listing)
        if layout is None:
            raise no_table(listing)
        return layout
    try:
        return arrange(listing)
    except DataError:
        if listing.images and (layout := from_tables(listing)) is not None:
            return layout
        raise


def groups(items: Sequence[Item], wish: Wish) -> list[tuple[str, str]]:
    """(group, class) of each item by the folder that was said to name the group; raises `DataError` for fewer than two
    groups."""
    found = [(_folder(item.entry, wish.group_level) or "", item.class_name) for item in items]
    if len({group for group, _ in found}) < 2:
        raise DataError(f"The folders of level {wish.group_level} name one group.", "Choose another level.")
    return found


def _by_level(listing: Listing, level: int) -> Layout:
    items, stray = [], []
    for entry in listing.images:
        name = _folder(entry, level)
        if name is None:
            stray.append(Skipped(entry.path, STRAY))
        else:
            items.append(Item(entry, name, None, short(entry.path)))
    names = tuple(sorted({item.class_name for item in items}, key=natural))
    if len(names) < 2:
        depth = max((entry.path.count("/") for entry in listing.images), default=0)
        raise DataError(
            f"The folders of level {level} in “{listing.root.name}” name {len(names)} class{'es' * (len(names) != 1)}.",
            f"Its images lie {depth} folders deep: choose another level." if depth else "Put them into class folders.",
        )
    rank = {name: place for place, name in enumerate(names)}
    items.sort(key=lambda item: rank[item.class_name])
    return Layout(tuple(items), names, f"{len(names)} folders of level {level}", (*stray, *listing.odd))


def _folder(entry: Entry, level: int) -> str | None:
    folders = entry.path.split("/")[:-1]
    return folders[level - 1] if level <= len(folders) else None
