"""STL-10: photos of 96 pixels cut from ImageNet, 500 a class to learn from, and 100,000 without a label.

Coates, Lee and Ng 2011. Each image is stored channel by channel and column by column. Nothing here learns from images
without a label; they are counted, and said to be there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import SMALL, DataSet, DatasetInfo
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress, check
from engine.data.published import Parts, body_of, damaged, file_of, has_files, lines_of, of_arrays
from engine.downloads.remote import Remote

SIDE = 96
ONE = 3 * SIDE * SIDE  # bytes of an image
INFO = DatasetInfo(
    "stl10", "STL-10", "Photos of ten kinds of things; 100,000 more have no label, and nothing learns from those yet.",
    13_000, 10, (SIDE, SIDE),
    "none stated (Stanford); photos under ImageNet's terms", shelf=SMALL,
)  # fmt: skip
PARTS = (("train", 0), ("test", 2))


def read(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    names = tuple(lines_of(listing, "class_names.txt"))
    parts: list[Parts] = []
    for part, number in PARTS:
        check(cancelled)
        labels = np.frombuffer(body_of(listing, f"{part}_y.bin"), np.uint8).astype(np.int64) - 1
        parts.append((_pixels(listing, f"{part}_X.bin"), labels, number))
        if progress:
            progress(len(parts) / len(PARTS))
    rest = file_of(listing, "unlabeled_X.bin")
    more = f"; {rest.size // ONE:,} without a label, which nothing learns from yet" if rest else ""
    return of_arrays(INFO, names, parts, f"images of {SIDE} x {SIDE} pixels{more}")


def _pixels(listing: Listing, name: str) -> NDArray[np.uint8]:
    body = body_of(listing, name)
    if not body or len(body) % ONE:
        raise damaged(name)
    return np.frombuffer(body, np.uint8).reshape(-1, 3, SIDE, SIDE).transpose(0, 3, 2, 1)


DATASET = DataSet(
    INFO, read=read, recognises=lambda listing: has_files(listing, "train_X.bin", "train_y.bin", "class_names.txt"),
    given=("given", "As published"), order=42,
    download=(
        Remote(
            "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz", "stl10_binary.tar.gz", 2_640_397_119,
            "md5:91f7769df0f17e558f3565bffb0c7dfb", b"\x1f\x8b",
        ),
    ),
)  # fmt: skip
