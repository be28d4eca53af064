"""Images that a person labelled, written as a data set of class folders: alone, or beside those that a run learnt from.

Everything is written under another name and renamed once whole; a person's own files are only read.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.data.files.loose import LooseImages
from engine.data.hashes import digest
from engine.data.images import Cancel, check
from engine.errors import DataError, StorageError
from engine.machine.files import Unread
from engine.tuning.material import Material

MANIFEST = "manifest.csv"
COLUMNS = ("file", "class", "from", "said by", "answered", "probability", "run")
PARTS = ("train", "val", "test")
NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]')
ENDING = re.compile(r"\.[A-Za-z0-9]{2,5}$")


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """images, place: where it is read. answered, probability, run: what was said of it before a person said
    class_name."""

    images: LooseImages
    place: int
    class_name: str
    answered: str
    probability: float
    run: str

    @property
    def name(self) -> str:
        return self.images.name(self.place)


@dataclass(frozen=True, slots=True)
class Written:
    """What lies in a folder now. added: images that a person labelled. own: those of a run beside them. left_out:
    labelled ones that are copies of images that the run is validated or tested on."""

    folder: Path
    added: int
    own: int = 0
    left_out: int = 0


def write_labelled(labels: Sequence[OwnLabel], folder: Path, cancelled: Cancel | None = None) -> Written:
    """Class folders, and a manifest that says where each image came from and who said what it is. Raises `DataError`
    where there is something already or an image cannot be read, `StorageError` where it cannot be written,
    `Cancelled`."""
    with whole_folder(folder) as part, manifest_of(part) as row:
        for one in labels:
            check(cancelled)
            file = put(part / folder_name(one.class_name), one.name, body_of(one))
            row(file, one.class_name, one.name, "you", one.answered, f"{one.probability:.6f}", one.run)
    return Written(folder, len(labels))


def write_joined(
    labels: Sequence[OwnLabel], material: Material, folder: Path, cancelled: Cancel | None = None
) -> Written:
    """The run's own images divided as it divided them (its files linked, or copied where that cannot be), and the
    labelled ones among its training images: what is tested on stays the same. Raises as `write_labelled`."""
    split, left_out = material.split, 0
    kept_apart = set(material.data.contents[np.concatenate([split.validation, split.test])].tolist())
    own = [(part, int(image)) for part, ids in zip(PARTS, (split.train, split.validation, split.test), strict=True)
           for image in ids]  # fmt: skip
    with whole_folder(folder) as part_folder, manifest_of(part_folder) as row:
        for part, image in own:
            check(cancelled)
            put_own(material, image, part_folder / part, row)
        for one in labels:
            check(cancelled)
            body = body_of(one)
            if digest(body) in kept_apart:
                left_out += 1
                continue
            file = put(part_folder / PARTS[0] / folder_name(one.class_name), one.name, body)
            row(file, one.class_name, one.name, "you", one.answered, f"{one.probability:.6f}", one.run)
    return Written(folder, len(labels) - left_out, len(own), left_out)


def put_own(material: Material, image: int, around: Path, row: Callable[..., None]) -> None:
    """One image of the run's set, without a second copy of it where the disk can do that."""
    data = material.data
    class_name, name = data.class_names[data.labels[image]], data.image_name(image)
    where = getattr(data.source, "file", lambda _: None)(image)
    if where is None:
        raise DataError(
            f"The images of {data.title} are not files of their own, so nothing can be put beside them.",
            "Save the corrected images as a data set, and open that.",
        )
    target = free_name(around / folder_name(class_name), name)
    try:
        os.link(where, target)
    except OSError:  # on another disk, or one without links
        shutil.copyfile(where, target)
    row(target, class_name, str(where), "the data set", "", "", "")


def body_of(one: OwnLabel) -> bytes:
    try:
        return one.images.body(one.place)
    except Unread as error:
        raise DataError(
            f"“{one.name}” cannot be read any more: {error}.", "Bring it back, or take its label away."
        ) from None


def put(around: Path, name: str, body: bytes) -> Path:
    target = free_name(around, name)
    target.write_bytes(body)
    return target


def free_name(around: Path, name: str) -> Path:
    """A name in this folder, which is made, that no other image has: "photo.jpg", "photo 2.jpg"."""
    around.mkdir(parents=True, exist_ok=True)
    plain = folder_name(name.replace("\\", "/").rpartition("/")[2])
    ending = found.group() if (found := ENDING.search(plain)) else ""
    stem, target, number = plain[: len(plain) - len(ending)] or "image", around / plain, 1
    while target.exists():
        number += 1
        target = around / f"{stem} {number}{ending}"
    return target


def folder_name(name: str) -> str:
    """As a folder can be called on every system."""
    return NOT_IN_NAMES.sub("-", name).strip(". ") or "unnamed"


@contextmanager
def manifest_of(folder: Path) -> Iterator[Callable[..., None]]:
    """Gives what writes a line: the file, then what stands in the other columns."""
    with (folder / MANIFEST).open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)

        def row(target: Path, *rest: str) -> None:
            table.writerow([target.relative_to(folder).as_posix(), *rest])

        yield row


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """The name to write under; it is called `folder` once it is whole, and nothing is left of it where it is not."""
    if folder.exists():
        raise DataError(f"“{folder}” is there already.", "Choose another name.")
    part = folder.with_name(f".{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        part.rename(folder)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(f"“{folder}” cannot be written ({reason}).", "Choose another place.") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
