"""MNIST's own files: images and labels as idx, plain or gzipped, in a folder, below one, or in a zip.

LeCun, Cortes and Burges, The MNIST database of handwritten digits: 60,000 digits to learn from, 10,000 to test.
"""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import DataSet, DatasetInfo
from engine.data.files.reading import Entry, Files
from engine.data.files.tree import Listing
from engine.data.hashes import short_hash
from engine.data.images import ArrayPixels, Cancel, ImageSet, Progress, Skipped, check
from engine.errors import DataError
from engine.machine.files import Unread

TITLE = "MNIST"
LICENCE = "CC BY-SA 3.0 (LeCun, Cortes and Burges)"
PARTS = {"train": 0, "t10k": 2}  # name in the files -> training, test
COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # of the training digits
UNSIGNED = 8  # the idx code of bytes
LARGEST, WHOLE, FEW_PICTURES = 2**30, 4, 10
AGAIN = "Copy or download the four files again."
_AXES = {"images": 3, "labels": 1}
Bytes = NDArray[np.uint8]
Wanted = dict[tuple[str, str], Entry]  # (part, what) -> its file; each may lack, which `load_mnist` says


def is_mnist(listing: Listing) -> bool:
    """Whether idx files with MNIST's names lie there, and no pictures that could be meant instead: beside all four
    there may be a few."""
    found = len(_found(listing))
    return (found == WHOLE and len(listing.images) < FEW_PICTURES) if listing.images else found > 0


def load_mnist(listing: Listing, progress: Progress | None = None, cancelled: Cancel | None = None) -> ImageSet:
    """The digits, white on black, 28 x 28, with the split that they are published with. Raises `DataError`."""
    wanted = _found(listing)
    _refuse_missing(listing, wanted)
    arrays: list[Bytes] = []
    labels: list[Bytes] = []
    with closing(listing.open()) as files:
        for done, part in enumerate(PARTS):
            check(cancelled)
            arrays.append(_read(files, wanted[part, "images"], _AXES["images"]))
            labels.append(_read(files, wanted[part, "labels"], _AXES["labels"]))
            if (count := len(arrays[-1])) != len(labels[-1]):
                said = f"“{wanted[part, 'images'].path}” has {count:,} images, but there are {len(labels[-1]):,}"
                raise DataError(f"{said} labels for them.", AGAIN)
            if progress:
                progress((done + 1) / len(PARTS))
    if arrays[0].shape[1:] != arrays[1].shape[1:]:
        raise DataError("The training and the test images of these idx files differ in size.", AGAIN)
    return _image_set(listing, np.concatenate(arrays), labels)


def _image_set(listing: Listing, pixels: Bytes, labels: list[Bytes]) -> ImageSet:
    """idx files of the same names hold other data as well: those keep the name of their folder."""
    train = labels[0]
    values, every = np.unique(
        np.concatenate(labels).astype(np.int64), return_inverse=True
    )  # labels need not be 0, 1, …
    own = tuple(np.bincount(train, minlength=10).tolist()) == COUNTS
    given = np.repeat(np.array(list(PARTS.values()), dtype=np.int8), [len(part) for part in labels])
    words = ("training", "", "test")
    starts = {0: 0, 2: len(train)}
    return ImageSet(
        name="mnist",
        title=TITLE if own else listing.root.stem if listing.is_zip else listing.root.name,
        licence=LICENCE if own else "",
        labels=every,
        class_names=tuple(str(value) for value in values),
        source=ArrayPixels(
            pixels,
            lambda index: (
                f"{values[every[index]]}, {words[given[index]]} image {index - starts[int(given[index])] + 1:,}"
            ),
        ),
        fingerprint=short_hash(pixels.tobytes(), every.tobytes()),
        channels=1,
        typical_size=(pixels.shape[1], pixels.shape[2]),
        layout=f"idx files of {len(train):,} training and {len(every) - len(train):,} test images",
        given_split=given,
        given_words="as published",
        skipped=tuple(Skipped(entry.path, "beside the idx files") for entry in listing.images),
    )


def _found(listing: Listing) -> Wanted:
    """The files of the most complete folder; of two the one called MNIST, as torchvision names it, or the first."""
    folders: dict[str, Wanted] = {}
    for entry in listing.files:
        folder, _, name = entry.path.rpartition("/")
        if key := _kind(name):
            files = folders.setdefault(folder, {})
            if key not in files or not name.endswith(".gz"):
                files[key] = entry
    ranked = sorted(folders, key=lambda folder: (-len(folders[folder]), "MNIST" not in folder.split("/"), folder))
    return folders[ranked[0]] if ranked else {}


def _kind(name: str) -> tuple[str, str] | None:
    """("train" or "t10k", "images" or "labels") of an idx file's name, with "-" or "." before "idx"."""
    stem = name.lower().removesuffix(".gz").replace(".idx", "-idx")
    names = {f"{part}-{what}-idx{rank}-ubyte": (part, what) for part in PARTS for what, rank in _AXES.items()}
    return names.get(stem)


def _refuse_missing(listing: Listing, wanted: Wanted) -> None:
    for part in PARTS:
        for what, rank in _AXES.items():
            if wanted and (part, what) not in wanted:
                raise DataError(
                    f"“{listing.root.name}” lacks MNIST's file “{part}-{what}-idx{rank}-ubyte”.",
                    "Put all four idx files into one folder, as they are or gzipped.",
                )
    if not wanted:
        raise DataError(
            f"“{listing.root.name}” holds no idx files of MNIST.",
            "Pick the folder with train-images-idx3-ubyte and its three companions, or the folder around it.",
        )


def _read(files: Files, entry: Entry, rank: int) -> Bytes:
    """uint8 array with `rank` axes from an idx file: two zeros, type, rank, sizes (big-endian), values."""
    try:
        body = files.whole(entry, LARGEST)
        if entry.path.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(LARGEST)
    except (Unread, OSError, EOFError, zlib.error):
        raise DataError(f"“{entry.path}” cannot be read.", AGAIN) from None
    if len(body) < 4 + 4 * rank or tuple(body[:4]) != (0, 0, UNSIGNED, rank):
        raise DataError(f"“{entry.path}” is not an idx file of bytes with {rank} axes.", AGAIN)
    shape = tuple(int(size) for size in np.frombuffer(body, ">u4", rank, 4))
    if 0 in shape or int(np.prod(shape, dtype=object)) != len(body) - 4 - 4 * rank:
        raise DataError(f"“{entry.path}” is truncated or damaged.", AGAIN)
    return np.frombuffer(body, np.uint8, offset=4 + 4 * rank).reshape(shape)


DATASET = DataSet(
    DatasetInfo(
        "mnist", TITLE, "Handwritten digits, 60,000 to learn from and 10,000 to test, as idx files.",
        70000, 10, (28, 28), LICENCE,
    ),
    read=lambda choice, *given: load_mnist(*given), recognises=is_mnist,
    given=("given", "As published"), order=7,
)  # fmt: skip
