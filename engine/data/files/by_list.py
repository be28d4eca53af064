"""Images whose class and part a list says: rows of a file beside them, whatever folders they lie in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.data.files.found import FoundImages
from engine.data.files.layout import Item, Layout
from engine.data.files.names import clean
from engine.data.files.order import natural
from engine.data.files.tree import Listing
from engine.data.labelled_set import Skipped
from engine.errors import DataError

MISSING, UNLISTED = "in the list, but not there", "not in the list"
TWICE, IN_PARTS = "in the list with several classes", "in the list in several parts"
NO_CLASS, CUT_SHORT = "in the list without a class", "its line in the list is cut short"


@dataclass(frozen=True, slots=True)
class Row:
    """image: as the list calls it. split: 0, 1, 2, or None where the list says none. lacking: why it says no class."""

    image: str
    class_name: str
    split: int | None = None
    lacking: str = ""


def by_list(
    listing: Listing, rows: Iterable[Row], words: str, near: str = "", class_names: tuple[str, ...] | None = None
) -> Layout:
    """near: the folder of the list. class_names: in the order of the source, else as a person who counts sorts them.

    What is listed and not there, listed with several classes or parts or with none, or there and not listed, is named.
    Raises `DataError`.
    """
    rows = tuple(rows)
    found = FoundImages(listing.images).meant((row.image for row in rows), near)
    chosen, doubtful, lacking = dict[str, Item](), dict[str, str](), dict[str, str]()
    for row in rows:
        if (entry := found.get(row.image)) is None:
            continue
        if row.lacking:
            lacking[entry.path] = row.lacking
            continue
        before = chosen.setdefault(entry.path, Item(entry, row.class_name, row.split, short(entry.path)))
        if before.class_name != row.class_name:
            doubtful[entry.path] = TWICE
        elif before.split != row.split:
            doubtful.setdefault(entry.path, IN_PARTS)
    missing = dict.fromkeys(row.image for row in rows if row.image not in found and not row.lacking)
    skipped = [*listing.odd, *(Skipped(clean(name), MISSING) for name in missing)]
    skipped += [Skipped(path, reason) for path, reason in sorted(doubtful.items())]
    skipped += [Skipped(one.path, lacking.get(one.path, UNLISTED)) for one in listing.images if one.path not in chosen]
    items = [item for path, item in chosen.items() if path not in doubtful]
    return _in_order(listing, items, words, tuple(skipped), class_names)


def short(path: str) -> str:
    """The folder and the name."""
    return "/".join(path.split("/")[-2:])


def _in_order(
    listing: Listing, items: list[Item], words: str, skipped: tuple[Skipped, ...], wished: tuple[str, ...] | None
) -> Layout:
    found = {item.class_name for item in items}
    names = tuple(name for name in wished if name in found) if wished else tuple(sorted(found, key=natural))
    if len(names) < 2:
        there = f"{len(items):,} of its images found, of {len(names)} class" + ("" if len(names) == 1 else "es")
        raise DataError(
            f"The list in “{listing.root.name}” cannot be followed: {there}.",
            "Put the images beside the list, called as it calls them, two classes or more.",
        )
    rank = {name: place for place, name in enumerate(names)}
    items.sort(key=lambda item: (rank[item.class_name], natural(item.entry.path)))
    return Layout(tuple(items), names, words, skipped)
