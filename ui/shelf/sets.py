"""Data sets as lines of a long list. No Qt, no torch."""

from __future__ import annotations

from collections.abc import Sequence

from engine.comparison.wording import size, thousands
from engine.data.dataset import BUNDLED, DOWNLOAD, HERE, OWN, SHELVES, USUAL, DatasetInfo
from engine.data.sources import dataset, datasets
from engine.downloads.wanted import Wanted
from ui.shelf.list_line import DASH, Filter, ListColumn, ListLine, Told, at_most, kinds

COLUMNS = (
    ListColumn("Name", 24, "Of the data set"),
    ListColumn("Images", 10, "How many there are", number=True),
    ListColumn("Classes", 8, "How many there are", number=True),
    ListColumn("Size", 11, "Pixels of an image", number=True),
    ListColumn("Kind", 13, "What it stands with"),
    ListColumn("Licence", 24, "As stated by those who publish it"),
    ListColumn("Where", 18, "Bundled, on this machine, or to download"),
)
COUNTS = (("Up to 10,000 images", 1e4), ("Up to 100,000 images", 1e5))
SIZES = (("Up to 100 MB", 100e6), ("Up to 500 MB", 500e6), ("Up to 2 GB", 2e9))


def entries() -> tuple[ListLine, ...]:
    """Looks at a folder; off the window's thread."""
    return tuple(entry_of(info) for info in datasets())


def entry_of(info: DatasetInfo) -> ListLine:
    place, here = where(info), info.where in (BUNDLED, HERE)
    cells = (
        info.title, _count(info.images), _count(info.classes), _pixels(info), info.shelf.capitalize(), info.licence,
        place,
    )  # fmt: skip
    order = (
        info.title.casefold(), info.images or 0, info.classes or 0, min(info.image_size or (0,)),
        SHELVES.index(info.shelf), info.licence.casefold(), (not here, info.bytes),
    )  # fmt: skip
    said = " ".join((info.title, info.name, info.description, info.shelf, info.licence, place))
    return ListLine(
        info.name, info, cells, order, said.casefold(), info.shelf == USUAL, here, info.bytes, _fetch_key(info)
    )


def set_of(line: ListLine) -> DatasetInfo:
    assert isinstance(line.item, DatasetInfo)
    return line.item


def where(info: DatasetInfo) -> str:
    if info.where == DOWNLOAD:
        return f"{size(info.bytes)} to load" if info.bytes else "to load"
    return "in a folder of yours" if info.where == OWN else info.where


def _count(number: int | None) -> str:
    return DASH if number is None else thousands(number)


def _pixels(info: DatasetInfo) -> str:
    if info.image_size is None:
        return DASH
    height, width = info.image_size
    return f"{width} px" if width == height else f"{width} × {height} px"


def _fetch_key(info: DatasetInfo) -> str:
    found = wanted(info) if info.where == DOWNLOAD else None
    return found.key if found is not None else ""


def wanted(info: DatasetInfo) -> Wanted | None:
    from engine.data import sources

    return sources.wanted(info.name)


def filters(found: Sequence[ListLine]) -> tuple[Filter, ...]:
    return (
        Filter("Where", (("Anywhere", lambda one: True), ("On this machine", lambda one: one.here),
                         ("To download", lambda one: bool(one.fetch_key)))),
        kinds("Kind", "All kinds", found, lambda one: str(set_of(one).shelf).capitalize()),
        at_most("Number of images", "All numbers", lambda one: set_of(one).images or 0, COUNTS),
        at_most("Size of the download", "All sizes", lambda one: one.bytes, SIZES),
        kinds("Licence, as stated", "All licences", found, lambda one: set_of(one).licence),
    )  # fmt: skip


def told(info: DatasetInfo) -> Told:
    fetched = wanted(info)
    lines = (
        ("What", info.description),
        (dataset(info.name).what.capitalize(), _count(info.images)),
        ("Classes", _count(info.classes)),
        ("Size", _pixels(info)),
        ("Licence", info.licence),
        ("Where", where(info)),
    )
    return Told(info.title, lines, "\n".join(file.url for file in fetched.files) if fetched else "")


def why_not(info: DatasetInfo) -> str:
    """Why it cannot be used now."""
    if info.where == OWN:
        return "It lies in a folder or zip of yours: choose that with “Folder…” or “File…”."
    return "" if info.where in (BUNDLED, HERE) else "It is not on this machine. Download it first."
