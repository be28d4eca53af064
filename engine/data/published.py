"""A published set of class folders, read as anybody's class folders are: the same images, classes and fingerprint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.data.dataset import DatasetInfo
from engine.data.files.folder import load_folder
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress


def has_folders(listing: Listing, names: Iterable[str]) -> bool:
    """Whether folders of all these names lie there, at any depth."""
    return set(names) <= {folder.rpartition("/")[2] for folder in listing.folders}


def class_folders(
    info: DatasetInfo, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    return replace(load_folder(listing, progress, cancelled), name=info.name, title=info.title, licence=info.licence)
