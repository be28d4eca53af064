"""Street View House Numbers: digits cut out of photos, 32 x 32. Netzer and others 2011."""

from __future__ import annotations

import numpy as np

from engine.data.dataset import SMALL, DataSet, DatasetInfo
from engine.data.files.matlab import Array
from engine.data.files.tree import Listing
from engine.data.images import Cancel, ImageSet, Progress, check
from engine.data.published import Parts, damaged, has_files, matrices_of, of_arrays
from engine.downloads.remote import Remote

INFO = DatasetInfo(
    "svhn", "House numbers (SVHN)", "Digits in photos of house numbers, 32 pixels.", 99_289, 10, (32, 32),
    "non-commercial (Stanford)", shelf=SMALL,
)  # fmt: skip
FILES = (("train_32x32.mat", 0), ("test_32x32.mat", 2))
HOST, MATLAB = "http://ufldl.stanford.edu/housenumbers/", b"MATLAB"


def read(
    choice: object, listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None
) -> ImageSet:
    """Raises `DataError`, `Cancelled`."""
    parts: list[Parts] = []
    for name, part in FILES:
        check(cancelled)
        parts.append((*_arrays(matrices_of(listing, name), name), part))
        if progress:
            progress(len(parts) / len(FILES))
    return of_arrays(INFO, tuple("0123456789"), parts, "two files of 32 x 32 pixels")


def _arrays(found: dict[str, Array], name: str) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [n, 32, 32, 3] and digits; the file has the images along its last axis, and 10 for the digit 0."""
    pixels, labels = found.get("X"), found.get("y")
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 4 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise damaged(name)
    if not isinstance(labels, np.ndarray) or labels.size != pixels.shape[3]:
        raise damaged(name)
    return pixels.transpose(3, 0, 1, 2), labels.ravel().astype(np.int64) % 10


DATASET = DataSet(
    INFO, read=read, recognises=lambda listing: has_files(listing, *(name for name, _ in FILES)),
    given=("given", "As published"), order=43,
    download=(
        Remote(f"{HOST}train_32x32.mat", FILES[0][0], 182_040_794, "md5:e26dedcc434d2e4c54c9b2d4a06d8373", MATLAB),
        Remote(f"{HOST}test_32x32.mat", FILES[1][0], 64_275_384, "md5:eb5a983be6a315427106f1b164d9cef3", MATLAB),
    ),
)  # fmt: skip
