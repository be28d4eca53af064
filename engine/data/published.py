"""Published sets: what tells them, reading their lists, and giving what was read their name and licence."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import DatasetInfo
from engine.data.files.folder import load_folder, load_layout
from engine.data.files.kinds import IMAGE_ENDINGS, ending
from engine.data.files.layout import Layout
from engine.data.files.matlab import Array, arrays_of
from engine.data.files.reading import Entry
from engine.data.files.tree import Listing
from engine.data.hashes import short_hash
from engine.data.images import ArrayPixels, Cancel, ImageSet, Progress
from engine.errors import DataError
from engine.machine.files import MEBIBYTE, Unread

AGAIN = "Copy or download it again."
AS_PUBLISHED = "as published"
LARGEST_LIST, LARGEST_ARRAY = 64 * MEBIBYTE, 4096 * MEBIBYTE
Parts = tuple[NDArray[np.uint8], NDArray[np.int64], int]  # images, labels, which part: 0, 1 or 2


def has_folders(listing: Listing, names: Iterable[str]) -> bool:
    """Whether folders of all these names lie there, at any depth."""
    return set(names) <= {folder.rpartition("/")[2] for folder in listing.folders}


def has_files(listing: Listing, *names: str) -> bool:
    return all(file_of(listing, name) is not None for name in names)


def file_of(listing: Listing, name: str) -> Entry | None:
    """The file of this name, or whose path ends so, nearest to the top."""
    files = listing.files if ending(name) in IMAGE_ENDINGS else listing.others
    found = [one for one in files if one.path == name or one.path.endswith(f"/{name}")]
    return min(found, key=lambda one: (one.path.count("/"), one.path), default=None)


def body_of(listing: Listing, name: str, most: int = LARGEST_ARRAY) -> bytes:
    """All of the file of this name; raises `DataError`."""
    entry = file_of(listing, name)
    if entry is None:
        raise DataError(f"“{listing.root.name}” lacks the file “{name}”.", "Pick the folder that holds all its files.")
    try:
        with closing(listing.open()) as files:
            return files.whole(entry, most)
    except Unread:
        raise DataError(f"“{entry.path}” cannot be read.", AGAIN) from None


def lines_of(listing: Listing, name: str) -> list[str]:
    """Lines of a text, without blank ones and comments; raises `DataError`."""
    text = body_of(listing, name, LARGEST_LIST).decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def matrices_of(listing: Listing, name: str) -> dict[str, Array]:
    """Arrays of a MATLAB file by name; raises `DataError`."""
    try:
        return arrays_of(body_of(listing, name))
    except ValueError:
        raise damaged(name) from None


def damaged(name: str) -> DataError:
    return DataError(f"“{name}” is truncated or damaged.", AGAIN)


def class_folders(
    info: DatasetInfo, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Read as anybody's class folders are: the same images and fingerprint. Raises `DataError`, `Cancelled`."""
    return named(load_folder(listing, progress, cancelled), info)


def of_layout(
    info: DatasetInfo,
    listing: Listing,
    layout: Layout,
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    return named(load_layout(listing, layout, progress, cancelled), info)


def named(data: ImageSet, info: DatasetInfo) -> ImageSet:
    return replace(data, name=info.name, title=info.title, licence=info.licence, given_words=AS_PUBLISHED)


def present(labels: NDArray[np.int64], class_names: tuple[str, ...]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Without the classes that have no image, as in part of a set."""
    there, places = np.unique(labels, return_inverse=True)
    return places.astype(np.int64), tuple(class_names[place] for place in there)


def of_arrays(info: DatasetInfo, class_names: tuple[str, ...], parts: list[Parts], layout: str) -> ImageSet:
    """Images held in memory, [n, height, width] or [n, height, width, 3], with the split they are published with."""
    pixels = np.ascontiguousarray(np.concatenate([images for images, _, _ in parts]))
    labels = np.concatenate([part for _, part, _ in parts])
    given = np.repeat(np.array([which for _, _, which in parts], np.int8), [len(part) for _, part, _ in parts])
    if len(pixels) != len(labels) or not len(labels) or labels.min() < 0 or labels.max() >= len(class_names):
        raise DataError(f"The images and the labels of {info.title} do not fit together.", AGAIN)
    labels, class_names = present(labels, class_names)
    return ImageSet(
        name=info.name,
        title=info.title,
        licence=info.licence,
        labels=labels,
        class_names=class_names,
        source=ArrayPixels(pixels, lambda index: f"{class_names[labels[index]]}, image {index + 1:,}"),
        fingerprint=short_hash(pixels.data.cast("B"), labels.tobytes()),
        channels=3 if pixels.ndim == 4 else 1,
        typical_size=(pixels.shape[1], pixels.shape[2]),
        layout=layout,
        given_split=given if len(set(given.tolist())) > 1 else None,
        given_words=AS_PUBLISHED,
    )
