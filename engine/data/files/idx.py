"""Data in idx files: images and labels, plain or gzipped, in a folder, below one, or in a zip.

LeCun, Cortes and Burges, The MNIST database of handwritten digits: two zeros, the type, the number of axes, sizes, then
values, all big-endian.
"""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.files.reading import Entry, Files
from engine.data.files.tree import Listing
from engine.data.images import Cancel, Progress, check
from engine.errors import DataError
from engine.machine.files import Unread

UNSIGNED = 8  # the idx code of bytes
LARGEST = 2**30
_AXES = {"images": 3, "labels": 1}
Bytes = NDArray[np.uint8]
Wanted = dict[tuple[str, str], Entry]  # (part, what) -> its file; each may lack, which `read_idx` says


@dataclass(frozen=True, slots=True)
class IdxNames:
    """How the four files are called. title: of the set, for people. parts: in the names -> training, test. begin: what
    the names begin with. wished: part of a folder's name that is preferred of several. again: how to get them anew."""

    title: str
    begin: str = ""
    parts: tuple[tuple[str, int], ...] = (("train", 0), ("t10k", 2))
    wished: str = ""
    again: str = "Copy or download the four files again."

    def of(self, part: str, what: str) -> str:
        return f"{self.begin}{part}-{what}-idx{_AXES[what]}-ubyte"

    def kind(self, name: str) -> tuple[str, str] | None:
        """("train" or "t10k", "images" or "labels") of an idx file's name, with "-" or "." before "idx"."""
        stem = name.lower().removesuffix(".gz").replace(".idx", "-idx")
        return {self.of(part, what): (part, what) for part, _ in self.parts for what in _AXES}.get(stem)


def found_files(listing: Listing, names: IdxNames) -> Wanted:
    """The files of the most complete folder; of two the one that is called as wished, or the first."""
    folders: dict[str, Wanted] = {}
    for entry in listing.others:
        folder, _, name = entry.path.rpartition("/")
        if key := names.kind(name):
            files = folders.setdefault(folder, {})
            if key not in files or not name.endswith(".gz"):
                files[key] = entry
    ranked = sorted(folders, key=lambda folder: (-len(folders[folder]), names.wished not in folder.split("/"), folder))
    return folders[ranked[0]] if ranked else {}


def read_idx(
    listing: Listing, names: IdxNames, progress: Progress | None = None, cancelled: Cancel | None = None
) -> tuple[Bytes, list[Bytes]]:
    """uint8 [images, height, width] of both parts, and the labels of each. Raises `DataError`, `Cancelled`."""
    wanted = found_files(listing, names)
    _refuse_missing(listing, names, wanted)
    arrays: list[Bytes] = []
    labels: list[Bytes] = []
    with closing(listing.open()) as files:
        for done, (part, _) in enumerate(names.parts):
            check(cancelled)
            arrays.append(_read(files, wanted[part, "images"], _AXES["images"], names.again))
            labels.append(_read(files, wanted[part, "labels"], _AXES["labels"], names.again))
            if (count := len(arrays[-1])) != len(labels[-1]):
                said = f"“{wanted[part, 'images'].path}” has {count:,} images, but there are {len(labels[-1]):,}"
                raise DataError(f"{said} labels for them.", names.again)
            if progress:
                progress((done + 1) / len(names.parts))
    if arrays[0].shape[1:] != arrays[1].shape[1:]:
        raise DataError("The training and the test images of these idx files differ in size.", names.again)
    return np.concatenate(arrays), labels


def _refuse_missing(listing: Listing, names: IdxNames, wanted: Wanted) -> None:
    first = names.of(names.parts[0][0], "images")
    if not wanted:
        raise DataError(
            f"“{listing.root.name}” holds no idx files of {names.title}.",
            f"Pick the folder with {first} and its three companions, or the folder around it.",
        )
    for part, _ in names.parts:
        for what in _AXES:
            if (part, what) not in wanted:
                raise DataError(
                    f"“{listing.root.name}” lacks {names.title}'s file “{names.of(part, what)}”.",
                    "Put all four idx files into one folder, as they are or gzipped.",
                )


def _read(files: Files, entry: Entry, rank: int, again: str) -> Bytes:
    """uint8 array with `rank` axes from an idx file: two zeros, type, rank, sizes (big-endian), values."""
    try:
        body = files.whole(entry, LARGEST)
        if entry.path.lower().endswith(".gz"):
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(LARGEST)
    except (Unread, OSError, EOFError, zlib.error):
        raise DataError(f"“{entry.path}” cannot be read.", again) from None
    if len(body) < 4 + 4 * rank or tuple(body[:4]) != (0, 0, UNSIGNED, rank):
        raise DataError(f"“{entry.path}” is not an idx file of bytes with {rank} axes.", again)
    shape = tuple(int(size) for size in np.frombuffer(body, ">u4", rank, 4))
    if 0 in shape or int(np.prod(shape, dtype=object)) != len(body) - 4 - 4 * rank:
        raise DataError(f"“{entry.path}” is truncated or damaged.", again)
    return np.frombuffer(body, np.uint8, offset=4 + 4 * rank).reshape(shape)
