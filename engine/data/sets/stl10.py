"""STL-10: photos of 96 pixels cut from ImageNet, 500 a class to learn from, and 100,000 without a label.

Coates, Lee and Ng 2011. Each image is stored channel by channel and column by column. The images without a label are
for pretraining; of a folder they stay in their file, and are read from it when they are asked for.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engine.data.dataset import SMALL, DataSet, DatasetInfo
from engine.data.files.arranged import NOWHERE
from engine.data.files.hashed import hash_of
from engine.data.files.layout import UNLABELLED
from engine.data.files.tree import Listing
from engine.data.hashes import short_hash
from engine.data.images import ArrayPixels, Cancel, ImageSet, Progress, check
from engine.data.published import Parts, body_of, damaged, file_of, has_files, lines_of, of_arrays
from engine.downloads.remote import Remote
from engine.experiment import DatasetChoice

SIDE = 96
ONE = 3 * SIDE * SIDE  # bytes of an image
INFO = DatasetInfo(
    "stl10", "STL-10", "Photos of ten kinds of things; 100,000 more have no label, for pretraining.",
    13_000, 10, (SIDE, SIDE),
    "none stated (Stanford); photos under ImageNet's terms", shelf=SMALL,
)  # fmt: skip
PARTS = (("train", 0), ("test", 2))
REST = "unlabeled_X.bin"


class STL10Choice(DatasetChoice):
    labels: Literal["as found", "nowhere"] = Field(
        "as found", title="Images",
        description="Those of ten classes, as found; or those whose class is said nowhere, 100,000 for pretraining.",
    )  # fmt: skip

    @property
    def labelled(self) -> bool:
        return self.labels != NOWHERE


def read(
    choice: STL10Choice, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    if not choice.labelled:
        return _unlabelled(listing)
    names = tuple(lines_of(listing, "class_names.txt"))
    parts: list[Parts] = []
    for part, number in PARTS:
        check(cancelled)
        labels = np.frombuffer(body_of(listing, f"{part}_y.bin"), np.uint8).astype(np.int64) - 1
        parts.append((_pixels(listing, f"{part}_X.bin"), labels, number))
        if progress:
            progress(len(parts) / len(PARTS))
    rest = file_of(listing, REST)
    more = f"; {rest.size // ONE:,} more without a label, for pretraining" if rest else ""
    return of_arrays(INFO, names, parts, f"images of {SIDE} x {SIDE} pixels{more}")


def _pixels(listing: Listing, name: str) -> NDArray[np.uint8]:
    return _images(np.frombuffer(body_of(listing, name), np.uint8), name)


def _images(stored: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """[n, height, width, 3] of all bytes of a file."""
    if not len(stored) or len(stored) % ONE:
        raise damaged(name)
    return stored.reshape(-1, 3, SIDE, SIDE).transpose(0, 3, 2, 1)


def _stored(listing: Listing) -> tuple[NDArray[np.uint8], str]:
    """All bytes of the images without a label, read from their file when they are asked for, and their hash."""
    entry = file_of(listing, REST)
    file = None if entry is None else listing.root / entry.path
    if entry is not None and file is not None and file.is_file() and file.stat().st_size > 0:
        mapped = np.memmap(file, np.uint8, "r")
        return mapped, hash_of(listing.root, entry, mapped.data)
    stored = np.frombuffer(body_of(listing, REST), np.uint8)
    return stored, short_hash(stored.data)


def _unlabelled(listing: Listing) -> ImageSet:
    """All of one class that stands for none, as in a folder without labels."""
    stored, known = _stored(listing)
    pixels = _images(stored, REST)
    return ImageSet(
        name=INFO.name, title=f"{INFO.title} without labels", licence=INFO.licence,
        labels=np.zeros(len(pixels), np.int64), class_names=(UNLABELLED,),
        source=ArrayPixels(pixels, lambda index: f"image {index + 1:,}"), fingerprint=known,
        typical_size=(SIDE, SIDE), layout=f"images of {SIDE} x {SIDE} pixels without a label", labelled=False,
    )  # fmt: skip


DATASET = DataSet(
    INFO, read=read, Choice=STL10Choice,
    recognises=lambda listing: has_files(listing, "train_X.bin", "train_y.bin", "class_names.txt"),
    given=("given", "As published"), order=42,
    download=(
        Remote(
            "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", "stl10_binary.tar.gz", 2_640_397_119,
            "md5:91f7769df0f17e558f3565bffb0c7dfb", b"\x1f\x8b",
        ),
    ),
)  # fmt: skip
