"""A person's own images: a folder or zip of class folders."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.files import grey
from engine.data.files.arranged import NOWHERE, Wish, arranged, groups
from engine.data.files.decode import Damaged, ImageFacts, examine
from engine.data.files.kinds import NOT_READ, ending
from engine.data.files.layout import Item, Layout, regions
from engine.data.files.looked import Looked, forget
from engine.data.files.order import natural
from engine.data.files.read_as import ReadAs
from engine.data.files.tree import Listing
from engine.data.findings import named_files
from engine.data.hashes import BY_CONTENT, digest, short_hash
from engine.data.images import Cancel, ImageSet, PixelSource, Progress, in_threads
from engine.data.labelled_set import Skipped
from engine.errors import DataError
from engine.given import is_there
from engine.machine.files import Unread

LICENCE = "yours"
AS_FOUND = Wish()
BORDER_SAMPLE = 24
AWAY = "Connect its drive again or put it back, then start again."
WORTH_KEEPING = 0.5  # seconds that looking took


class FilePixels:
    """Decodes files of a folder or zip when asked, and refuses one that changed since `facts` were read off it.

    A zip stays open as long as its `ImageSet` lives: its table of contents is read once.
    """

    def __init__(
        self,
        listing: Listing,
        items: Sequence[Item],
        facts: Sequence[ImageFacts],
        read_as: ReadAs,
    ) -> None:
        self.items = items
        self.facts = facts
        self.read_as = read_as
        self._files = listing.open()
        self._root, self._is_zip = listing.root, listing.is_zip

    def image(self, index: int, size: int, channels: int) -> Image.Image:
        """The same bytes were decoded when the set was looked at, so a fault here is a file that changed meanwhile."""
        entry, changed = self.items[index].entry, False
        try:
            body = self._files.image(entry)
            if changed := digest(body) != self.facts[index].digest:
                raise Unread
            return self.read_as.image(body, size, channels)
        except (Damaged, Unread):
            if changed:
                forget(self._root)
            elif not is_there(self._root):
                raise DataError(f"“{self._root}” cannot be reached any more.", AWAY) from None
            why = "has changed since the data set was read" if changed else "cannot be read any more"
            raise DataError(f"“{entry.path}” {why}.", "Start again, to look at all files anew.") from None

    def reading(self, read_as: ReadAs) -> FilePixels:
        """The same files, read as those of another set."""
        found = copy(self)
        found.read_as = read_as
        return found

    def name(self, index: int) -> str:
        return self.items[index].short

    def file(self, index: int) -> Path | None:
        """Where the file lies; None in a zip."""
        return None if self._is_zip else self._root / self.items[index].entry.real


def load_folder(
    listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None, wish: Wish = AS_FOUND
) -> ImageSet:
    """Look at every image file once; damaged ones are named in `skipped`. Raises `DataError`, `Cancelled`."""
    return load_layout(listing, arranged(listing, wish), progress, cancelled, wish)


def load_layout(
    listing: Listing,
    layout: Layout,
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
    wish: Wish = AS_FOUND,
) -> ImageSet:
    """The images of a layout, whatever told their classes. Raises `DataError`, `Cancelled`."""
    facts, skipped = inspect(listing, layout.items, progress, cancelled)
    items = [item for item, fact in zip(layout.items, facts, strict=True) if fact is not None]
    whole = [fact for fact in facts if fact is not None]
    _refuse_damaged(listing, layout, items, skipped)
    place = {name: number for number, name in enumerate(layout.class_names)}
    labels = np.array([place[item.class_name] for item in items], dtype=np.int64)
    given = None
    if items[0].split is not None:
        given = np.array([item.split for item in items], dtype=np.int8)
    scales = grey.scales(fact.levels for fact in whole)
    source = FilePixels(listing, items, whole, ReadAs(scales))
    data = ImageSet(
        name="folder",
        title=listing.root.stem if listing.is_zip else listing.root.name,
        licence=LICENCE,
        labels=labels,
        class_names=layout.class_names,
        source=source,
        fingerprint=fingerprint(items, whole, scales),
        digests=digests(whole),
        channels=1 if all(fact.grey for fact in whole) else 3,
        typical_size=typical_size(whole),
        background=background(source, len(items)),
        layout=layout_words(layout, listing, scales),
        given_split=given,
        given_classes=classes_of_parts(labels, given),
        skipped=tuple(sorted(layout.skipped + skipped, key=lambda one: natural(one.path))),
        doubts=layout.doubts,
    )
    if wish.labels == NOWHERE:
        return replace(data, labelled=False)
    return with_regions(data, groups(items, wish) if wish.group_level else regions(items))


def with_regions(data: ImageSet, places: Sequence[tuple[str, str]] | None) -> ImageSet:
    """The same images also as classes of regions, for meta-learning. places: (region, class) of each image."""
    if places is None:
        return data
    known = list(dict.fromkeys(places))
    number = {place: count for count, place in enumerate(known)}
    homes, kinds = tuple(region for region, _ in known), tuple(kind for _, kind in known)
    inner = replace(
        data,
        labels=np.array([number[place] for place in places], dtype=np.int64),
        class_names=tuple(f"{region}, {kind}" for region, kind in known),
        alphabets=homes,
        kinds=kinds,
        layout=f"{len(set(homes))} regions with folders of {len(set(kinds))} classes",
    )
    return replace(data, of_regions=inner)


def inspect(
    listing: Listing, items: Sequence[Item], progress: Progress | None = None, cancelled: Cancel | None = None
) -> tuple[list[ImageFacts | None], tuple[Skipped, ...]]:
    """Facts of each item, None for a damaged one, and the damaged ones by name. Only what is new is looked at."""

    def look(item: Item) -> ImageFacts | str:
        try:
            return examine(files.image(item.entry))
        except (Damaged, Unread) as error:
            return str(error)

    looked = Looked(listing)
    known = [looked.of(item.entry) for item in items]
    missing = [item for item, fact in zip(items, known, strict=True) if fact is None]
    fresh: list[ImageFacts | str] = []
    begin = time.monotonic()
    try:
        with closing(listing.open()) as files:
            fresh.extend(in_threads(look, missing, progress, cancelled))
    finally:
        if time.monotonic() - begin >= WORTH_KEEPING:
            looked.keep((i.entry, f) for i, f in zip(missing, fresh, strict=False) if isinstance(f, ImageFacts))
    anew = iter(fresh)
    found = [next(anew) if fact is None else fact for fact in known]
    named = [Skipped(item.entry.path, fact) for item, fact in zip(items, found, strict=True) if isinstance(fact, str)]
    return [None if isinstance(fact, str) else fact for fact in found], tuple(named)


def _refuse_damaged(listing: Listing, layout: Layout, items: list[Item], skipped: tuple[Skipped, ...]) -> None:
    foreign = all(one.reason.endswith(NOT_READ) for one in skipped)
    if not items:
        first = skipped[0]
        raise DataError(
            f"None of the {len(skipped):,} images in “{listing.root.name}” can be read "
            f"(“{first.path}”: {first.reason}).",
            "Save them as JPEG or PNG." if foreign else "Copy them again from where they came from.",
        )
    whole = {item.class_name for item in items}
    lost = [name for name in layout.class_names if name not in whole]
    if lost:
        first_of_it = sorted(skipped, key=lambda one: lost[0] not in one.path.split("/"))
        raise DataError(
            f"No image of the class “{lost[0]}” can be read.",
            f"{'Save its files as JPEG or PNG' if foreign else 'Replace its files'}, or remove the folder; "
            f"{len(skipped):,} {'file' if len(skipped) == 1 else 'files'} cannot be read: "
            f"{named_files(first_of_it, 1)}.",
        )


def fingerprint(items: Sequence[Item], facts: Sequence[ImageFacts], scales: tuple[grey.Levels, ...]) -> str:
    """Hash of every file's content with its class and part, in order: equal means the same images under the same
    numbers, wherever the folder lies and whatever it is called, packed or not."""
    parts = [f"{item.class_name}\n{item.split}\n{fact.digest}" for item, fact in zip(items, facts, strict=True)]
    return BY_CONTENT + short_hash(*parts, repr(scales))


def digests(facts: Sequence[ImageFacts]) -> NDArray[np.uint64]:
    return np.array([fact.digest for fact in facts], dtype=np.uint64)


def layout_words(layout: Layout, listing: Listing, scales: tuple[grey.Levels, ...]) -> str:
    """ "6 class folders in a zip, grey values 0 to 4,095; 3 other files (.csv, .txt) beside the images"."""
    coding = f", its names read as {listing.coding}" if listing.coding else ""
    scale = f", {words}" if (words := grey.words(scales)) else ""
    homes = {item.entry.path.rpartition("/")[0] for item in layout.items}
    beside = (entry for entry in listing.companions if entry.path not in layout.tables)
    others = [entry for entry in beside if entry.path.rpartition("/")[0] in homes]
    kinds = ", ".join(sorted({ending(entry.path) for entry in others})[:3])
    passed = f"; {len(others):,} other {'file' if len(others) == 1 else 'files'} ({kinds}) beside the images"
    return layout.words + (f" in a zip{coding}" if listing.is_zip else "") + scale + (passed if others else "")


def classes_of_parts(labels: NDArray[np.int64], given: NDArray[np.int8] | None) -> NDArray[np.int8] | None:
    """The part of each class where the parts share none, as few-shot data come, int8 [classes]; else None."""
    if given is None:
        return None
    found = np.zeros((labels.max() + 1, 3), dtype=np.bool_)
    found[labels, given] = True
    return found.argmax(1).astype(np.int8) if (found.sum(1) == 1).all() else None


def typical_size(facts: Sequence[ImageFacts]) -> tuple[int, int]:
    """Median (height, width)."""
    heights, widths = sorted(fact.height for fact in facts), sorted(fact.width for fact in facts)
    return heights[len(heights) // 2], widths[len(widths) // 2]


def background(source: PixelSource, count: int) -> int:
    """255 when most of a sample of images have a nearly white border, else 0."""
    chosen = range(0, count, max(1, count // BORDER_SAMPLE))
    borders = [_border(source.image(index, 16, 1)) for index in list(chosen)[:BORDER_SAMPLE]]
    return 255 if 2 * sum(border > 230 for border in borders) > len(borders) else 0


def _border(image: Image.Image) -> float:
    grey = np.asarray(image.convert("L"))
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return float(np.median(edge))
