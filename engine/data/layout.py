"""Which class, group and split each image of a folder belongs to, read off the names of the folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.data.images import Skipped
from engine.data.tree import Entry, Listing, natural
from engine.errors import DataError

SPLIT_NAMES = {
    "train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2, "testing": 2,
    "meta-train": 0, "meta-val": 1, "meta-test": 2, "metatrain": 0, "metaval": 1, "metatest": 2, "meta_train": 0,
    "meta_val": 1, "meta_test": 2, "base": 0, "novel": 2,
}  # fmt: skip
SPLIT_TITLES = ("training", "validation", "test")
WANTED = "Put the images of each class in a folder of its own, and pick the folder around them."


@dataclass(frozen=True, slots=True)
class Item:
    """One image file with its class name, its split (0, 1, 2; None when not given) and its short name."""

    entry: Entry
    class_name: str
    split: int | None
    short: str


@dataclass(frozen=True)
class Layout:
    """Items in order of class and file, the folder they were found in ("" for the root), and what was recognised."""

    items: tuple[Item, ...]
    class_names: tuple[str, ...]
    words: str
    skipped: tuple[Skipped, ...]


def arrange(listing: Listing) -> Layout:
    """Class folders, with or without train, val and test folders above them; raises `DataError` for anything else."""
    if not listing.images:
        raise DataError(f"“{listing.root.name}” holds no images.", WANTED)
    base = _unwrapped(listing)
    children = _children(listing.images, base)
    splits = {name: SPLIT_NAMES[name.lower()] for name in children if name.lower() in SPLIT_NAMES}
    if len(set(splits.values())) >= 2 and 0 in splits.values():
        found = _in_splits(listing, base, splits)
    else:
        found = _in_classes(listing, base, children)
    return _checked(listing, found)


def _unwrapped(listing: Listing) -> str:
    """The folder whose children are the classes or splits, as "" or "a/b/"."""
    base = ""
    while True:
        children = _children(listing.images, base)
        named = [name for name in children if name]
        here = base.rstrip("/").split("/")[-1] or listing.root.name
        if not named:
            raise DataError(
                f"The images lie directly in “{here}”, without class folders.",
                "You picked a class folder; pick its parent." if not base else WANTED,
            )
        if len(named) > 1 or "" in children:
            return base
        inside = _children(listing.images, f"{base}{named[0]}/")
        if not any(inside):
            return base
        base = f"{base}{named[0]}/"


def _children(images: Iterable[Entry], base: str) -> dict[str, list[Entry]]:
    """Images under `base` by the folder right below it; "" for those directly in it."""
    found: dict[str, list[Entry]] = {}
    for entry in images:
        if entry.path.startswith(base):
            head, slash, _ = entry.path[len(base) :].partition("/")
            found.setdefault(head if slash else "", []).append(entry)
    return found


def _in_classes(listing: Listing, base: str, children: dict[str, list[Entry]]) -> Layout:
    stray = tuple(Skipped(entry.path, "not in a class folder") for entry in children.get("", ()))
    names = sorted((name for name in children if name), key=natural)
    _refuse_empty(listing, [base], set(names))
    items = [Item(entry, name, None, entry.path[len(base) :]) for name in names for entry in children[name]]
    return Layout(tuple(items), tuple(names), f"{len(names)} class folders", stray)


def _in_splits(listing: Listing, base: str, splits: dict[str, int]) -> Layout:
    items, stray, names = [], [], set()
    for folder, split in sorted(splits.items(), key=lambda pair: pair[1]):
        inside = _children(listing.images, f"{base}{folder}/")
        for name in sorted(inside, key=natural):
            if name:
                items += [Item(entry, name, split, entry.path[len(base) :]) for entry in inside[name]]
                names.add(name)
            else:
                stray += [Skipped(entry.path, "not in a class folder") for entry in inside[name]]
    if not names:
        listed = " and ".join(f"“{name}”" for name in sorted(splits, key=lambda name: splits[name]))
        raise DataError(f"The folders {listed} hold images directly, without class folders.", WANTED)
    _refuse_empty(listing, [f"{base}{folder}/" for folder in splits], names)
    order = sorted(names, key=natural)
    rank = {name: place for place, name in enumerate(order)}
    items.sort(key=lambda item: rank[item.class_name])
    parts = ", ".join(SPLIT_TITLES[split] for split in sorted(set(splits.values())))
    words = f"{len(order)} class folders in folders for {parts}"
    others = [entry for entry in listing.images if entry.path.startswith(base)]
    known = {item.entry.path for item in items} | {skip.path for skip in stray}
    stray += [Skipped(e.path, "outside the split folders") for e in others if e.path not in known]
    return Layout(tuple(items), tuple(order), words, tuple(stray))


def regions(items: Sequence[Item]) -> list[tuple[str, str]] | None:
    """(region, class) of each item where the folders are region/class/image, else None.

    Three or more regions, every image two folders deep, and at least two classes that most images belong to are found
    in several regions. Folders called train, val or test are none.
    """
    paths = [item.short.split("/") for item in items]
    if any(item.split is not None for item in items) or any(len(path) != 3 for path in paths):
        return None
    homes: dict[str, set[str]] = {}
    for region, name, _ in paths:
        homes.setdefault(name, set()).add(region)
    shared = {name for name, found in homes.items() if len(found) > 1 and name.lower() not in SPLIT_NAMES}
    common = sum(name in shared for _, name, _ in paths)
    if len({path[0] for path in paths}) < 3 or len(shared) < 2 or 2 * common <= len(paths):
        return None
    return [(region, name) for region, name, _ in paths]


def _refuse_empty(listing: Listing, bases: list[str], filled: set[str]) -> None:
    """Raise for a folder among the classes that has nothing in it at all."""
    used = {entry.path.rpartition("/")[0] for entry in listing.files}
    busy = {prefix for folder in used for prefix in _prefixes(folder)}
    for base in bases:
        for folder in sorted(listing.folders, key=natural):
            name = folder[len(base) :]
            if folder.startswith(base) and name and "/" not in name and name not in filled and folder not in busy:
                raise DataError(f"The class folder “{name}” is empty.", "Put images in it, or remove it.")


def _prefixes(folder: str) -> list[str]:
    parts = folder.split("/")
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def _checked(listing: Listing, layout: Layout) -> Layout:
    if len(layout.class_names) < 2:
        only = layout.class_names[0]
        raise DataError(f"“{listing.root.name}” has only one class (“{only}”).", f"Two or more are needed. {WANTED}")
    return layout
