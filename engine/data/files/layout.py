"""Which class, group and split each image of a folder belongs to, read off the names of the folders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.data.files.order import natural
from engine.data.files.parts import TITLES, TRAIN, is_split, mixed_with_classes, only_wraps, parts
from engine.data.files.reading import Entry
from engine.data.files.tree import Listing, ancestors
from engine.data.findings import named_files
from engine.data.labelled_set import Skipped
from engine.errors import DataError

OF_PIXELS = frozenset(
    ("mask", "masks", "label", "labels", "annotation", "annotations", "gt", "groundtruth", "ground_truth")
)
WANTED = "Put the images of each class in a folder of its own, and pick the folder around them."
STRAY, OUTSIDE, ELSEWHERE = "not in a class folder", "outside the split folders", "outside the class folders"
UNLABELLED = "without a label"  # the class of all images that have none
Folders = Mapping[str, list[Entry]]


class Item(NamedTuple):  # made a hundred thousand at a time, which takes a dataclass four times as long
    """One image file with its class name, its split (0, 1, 2; None when not given) and its short name."""

    entry: Entry
    class_name: str
    split: int | None
    short: str


@dataclass(frozen=True)
class Layout:
    """Items in order of class and file, what was recognised, in words, what was left out, and what is to be asked.
    tables: paths of those that were followed."""

    items: tuple[Item, ...]
    class_names: tuple[str, ...]
    words: str
    skipped: tuple[Skipped, ...]
    doubts: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass
class _Found:
    """What one reading of the folders gives. bases: where class folders lie; otherwise: why other images are left."""

    words: str
    otherwise: str
    bases: list[str]
    items: list[Item] = field(default_factory=list)
    stray: list[Skipped] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @property
    def class_names(self) -> list[str]:
        return sorted({item.class_name for item in self.items}, key=natural)


def arrange(listing: Listing) -> Layout:
    """Class folders, with or without folders for train, val and test above or below them; raises `DataError` for
    anything else."""
    if not listing.images:
        raise _no_images(listing, WANTED)
    base, children = _unwrapped(listing)
    named = {name: inside for name, inside in children.items() if name}
    return _checked(listing, base, _read(listing, base, named, children.get("", [])))


def alone(listing: Listing) -> Layout | None:
    """All images as one class, called as the folder that they lie in; None where they lie in several folders."""
    homes = {entry.path.rpartition("/")[0] for entry in listing.images}
    if len(homes) != 1:
        return None
    home = homes.pop()
    name = home.rpartition("/")[2] or (listing.root.stem if listing.is_zip else listing.root.name)
    items = tuple(Item(entry, name, None, entry.path) for entry in listing.images)
    unknown = (Skipped(entry.path, "not an image") for entry in listing.unknown)
    return Layout(items, (name,), "1 class folder", (*unknown, *listing.odd))


def unlabelled(listing: Listing) -> Layout:
    """All images without labels, whatever folders they lie in; raises `DataError` where there are none."""
    if not listing.images:
        raise _no_images(listing, "Pick a folder or zip with images in it or below.")
    items = tuple(Item(entry, UNLABELLED, None, entry.path) for entry in listing.images)
    homes = {entry.path.rpartition("/")[0] for entry in listing.images}
    words = "images without labels" + (f", in {len(homes):,} folders" if len(homes) > 1 else "")
    unknown = (Skipped(entry.path, "not an image") for entry in listing.unknown)
    return Layout(items, (UNLABELLED,), words, (*unknown, *listing.odd))


def is_flat(listing: Listing) -> bool:
    """Whether all images lie in one folder or zip itself, without any folder of theirs."""
    return bool(listing.images) and not any("/" in entry.path for entry in listing.images)


def _no_images(listing: Listing, wanted: str) -> DataError:
    odd = [*listing.odd, *(Skipped(entry.path, "not an image") for entry in listing.unknown)]
    there = f"What lies there is no image ({named_files(odd)}). " if odd else ""
    return DataError(f"“{listing.root.name}” holds no images.", f"{there}{wanted}")


def _read(listing: Listing, base: str, named: Folders, stray: list[Entry]) -> _Found:
    found = parts(named)
    if is_split(found) or _is_training_alone(base, named, found):
        return _in_splits(listing, base, found)
    if len(set(found.values())) > 1 and len(found) == len(named):
        raise DataError(f"The folders {_listed(found)} are parts of a split without one for training.",
                        "Call the folder to learn from “train”.")  # fmt: skip
    if mixed_with_classes(named):
        raise DataError(f"The folders {_listed(sorted(named, key=natural)[:3])} hold a class and a part each.",
                        "Put the class folders into folders called train and test.")  # fmt: skip
    inner = {name: _children(inside, f"{base}{name}/") for name, inside in named.items()}
    below = parts({folder for folders in inner.values() for folder in folders if folder})
    divided = [name for name, folders in inner.items() if below.keys() & folders.keys()]
    if is_split(below) and _are_sets(base, divided, inner):
        several = f"The folders {_listed(divided[:3])} hold" if len(divided) > 1 else f"The folder “{divided[0]}” holds"
        raise DataError(f"{several} a whole set divided into parts.", f"Pick “{divided[0]}” itself.")
    if is_split(below) and all(folder in below for folders in inner.values() for folder in folders if folder):
        return _split_below(base, inner, below)
    return _in_classes(base, named, stray, inner)


def _are_sets(base: str, names: list[str], inner: Mapping[str, Folders]) -> bool:
    """Whether folders hold the same classes below their parts, and so are no classes themselves."""
    below = []
    for name in names:
        parted = [_children(images, f"{base}{name}/{part}/") for part, images in inner[name].items() if part]
        below.append({folder for one in parted for folder in one if folder})
    return len(set.intersection(*below)) > 1


def _is_training_alone(base: str, named: Folders, found: dict[str, int]) -> bool:
    """A training folder with classes inside, beside one other folder, which is then no class."""
    if len(named) != 2 or list(found.values()) != [TRAIN]:
        return False
    training = next(iter(found))
    inside = _children(named[training], f"{base}{training}/")
    return len(inside) > 1 and "" not in inside


def _unwrapped(listing: Listing) -> tuple[str, dict[str, list[Entry]]]:
    """The folder whose children are the classes or splits, as "" or "a/b/", and those children."""
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
        inside = _children(children[named[0]], f"{base}{named[0]}/")
        if len(named) > 1 or not any(inside):
            return base, children
        base = f"{base}{named[0]}/"


def _children(images: Iterable[Entry], base: str) -> dict[str, list[Entry]]:
    """Images under `base` by the folder right below it; "" for those directly in it."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    begin = len(base)
    for entry in images:
        path = entry.path
        if path.startswith(base):
            end = path.find("/", begin)
            found[path[begin:end] if end >= 0 else ""].append(entry)
    return dict(found)


def _in_classes(base: str, named: Folders, stray: list[Entry], inner: Mapping[str, Folders]) -> _Found:
    names = sorted(named, key=natural)
    found = _Found(f"{len(names)} class folders", ELSEWHERE, [base], stray=[Skipped(e.path, STRAY) for e in stray])
    found.items = [Item(entry, name, None, entry.path[len(base) :]) for name in names for entry in named[name]]
    if len(names) < 4 and OF_PIXELS & {name.lower() for name in names} and any(only_wraps("", name) for name in names):
        found.doubts = [f"The folders {_listed(names)} look like images and what is drawn in them, not like classes."]
    kinds = {frozenset(folders) for folders in inner.values()}
    if len(names) > 1 and len(kinds) == 1 and len(shared := next(iter(kinds))) > 1 and "" not in shared:
        found.doubts = [
            f"The class folders {_listed(names[:3])} hold the same folders, such as {_listed(sorted(shared)[:2])}: "
            "if they are parts of a split, call them train and test."
        ]
    return found


def _in_splits(listing: Listing, base: str, splits: dict[str, int]) -> _Found:
    found = _Found("", OUTSIDE, [])
    for folder, split in sorted(splits.items(), key=lambda pair: pair[1]):
        place = _inside_part(listing, base, folder)
        found.bases.append(place)
        inside = _children(listing.images, place)
        for name in sorted(filter(None, inside), key=natural):
            found.items += [Item(entry, name, split, entry.path[len(base) :]) for entry in inside[name]]
        found.stray += [Skipped(entry.path, STRAY) for entry in inside.get("", ())]
    if not found.items:
        listed = " and ".join(f"“{name}”" for name in sorted(splits, key=lambda name: splits[name]))
        raise DataError(f"The folders {listed} hold images directly, without class folders.", WANTED)
    titles = ", ".join(TITLES[split] for split in sorted({item.split or TRAIN for item in found.items}))
    found.words = f"{len(found.class_names)} class folders in folders for {titles}"
    return found


def _inside_part(listing: Listing, base: str, folder: str) -> str:
    """Where the classes of a part lie: in it, or in folders of the same name within it."""
    place, outer = f"{base}{folder}/", folder
    while True:
        inside = _children(listing.images, place)
        (only, *more) = inside
        if more or not only or not only_wraps(outer, only):
            return place
        place, outer = f"{place}{only}/", only


def _split_below(base: str, inner: Mapping[str, Folders], splits: dict[str, int]) -> _Found:
    """Each class folder holds the parts."""
    titles = ", ".join(TITLES[split] for split in sorted(set(splits.values())))
    found = _Found(f"{len(inner)} class folders with folders for {titles} inside", OUTSIDE, [base])
    for name in sorted(inner, key=natural):
        for folder, entries in inner[name].items():
            if folder:
                found.items += [Item(one, name, splits[folder], one.path[len(base) :]) for one in entries]
    return found


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
    divided = parts(homes)
    shared = {name for name, found in homes.items() if len(found) > 1 and name not in divided}
    common = sum(name in shared for _, name, _ in paths)
    if len({path[0] for path in paths}) < 3 or len(shared) < 2 or 2 * common <= len(paths):
        return None
    return [(region, name) for region, name, _ in paths]


def _checked(listing: Listing, base: str, found: _Found) -> Layout:
    names = found.class_names
    if len(names) < 2:
        raise DataError(f"“{listing.root.name}” has only one class (“{names[0]}”).",
                        f"Two or more are needed. {WANTED}")  # fmt: skip
    _refuse_empty(listing, found.bases, set(names))
    rank = {name: place for place, name in enumerate(names)}
    items = sorted(found.items, key=lambda item: rank[item.class_name])
    left = _left(listing, found) if len(items) < len(listing.images) else []
    unknown = [Skipped(entry.path, "not an image") for entry in listing.unknown if entry.path.startswith(base)]
    return Layout(tuple(items), tuple(names), found.words, (*left, *unknown, *listing.odd), tuple(found.doubts))


def _left(listing: Listing, found: _Found) -> list[Skipped]:
    """The images that are in no class, and why."""
    known = {item.entry.real for item in found.items}
    reasons = {skip.path: skip.reason for skip in found.stray}
    return [Skipped(e.path, reasons.get(e.path, found.otherwise)) for e in listing.images if e.real not in known]


def _refuse_empty(listing: Listing, bases: list[str], filled: set[str]) -> None:
    """Raise for a folder among the classes that has nothing in it at all."""
    used = {entry.path.rpartition("/")[0] for entry in listing.files}
    busy = {prefix for folder in used for prefix in ancestors(folder)}
    for base in bases:
        for folder in sorted(listing.folders, key=natural):
            name = folder[len(base) :]
            if folder.startswith(base) and name and "/" not in name and name not in filled and folder not in busy:
                raise DataError(f"The class folder “{name}” is empty.", "Put images in it, or remove it.")


def _listed(names: Iterable[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return " and ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)
