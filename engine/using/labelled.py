"""Images that a person labelled, written as a data set of class folders: alone, or beside those that a run learnt from.

Everything is written under another name and renamed once whole; a person's own files are only read.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.files.loose import LooseExamples
from engine.data.hashes import digest
from engine.data.images import Cancel, check, images_of
from engine.errors import DataError
from engine.machine.files import Unread
from engine.machine.folders import appearing, target_of, told
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

    images: LooseExamples
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
    labelled ones that are copies of images that the run is validated or tested on. replaced: training images of the
    run that are copies of labelled ones, in whose place these stand: what a person says counts."""

    folder: Path
    added: int
    own: int = 0
    left_out: int = 0
    replaced: int = 0


def write_labelled(labels: Sequence[OwnLabel], folder: Path, cancelled: Cancel | None = None) -> Written:
    """Class folders, and a manifest that says where each image came from and who said what it is. Raises `DataError`
    where an image cannot be read, `StorageError` where there is something already or it cannot be written,
    `Cancelled`."""
    folders = folders_of(one.class_name for one in labels)
    with told(folder), appearing(target_of(folder)) as part, manifest_of(part) as row:
        for one in labels:
            check(cancelled)
            put_label(one, body_of(one), part / folders[one.class_name], row)
    return Written(folder, len(labels))


def write_joined(
    labels: Sequence[OwnLabel], material: Material, folder: Path, cancelled: Cancel | None = None
) -> Written:
    """The run's own images divided as it divided them (its files linked, or copied where that cannot be), and the
    labelled ones among its training images: what is tested on stays the same. Raises as `write_labelled`."""
    data, split = material.data, material.split
    folders = folders_of((*data.class_names, *(one.class_name for one in labels)))
    apart = set(data.contents[np.concatenate([split.validation, split.test])].tolist())
    learnt, own = without_labelled(labels, material, cancelled), 0
    joined = [one for one in labels if digest(body_of(one)) not in apart]
    with told(folder), appearing(target_of(folder)) as whole, manifest_of(whole) as row:
        for part, ids in zip(PARTS, (learnt, split.validation, split.test), strict=True):
            for image in map(int, ids):
                check(cancelled)
                put_own(material, image, whole / part / folders[data.class_names[data.labels[image]]], row)
                own += 1
        for one in joined:
            check(cancelled)
            put_label(one, body_of(one), whole / PARTS[0] / folders[one.class_name], row)
    left, gone = len(labels) - len(joined), len(split.train) - len(learnt)
    return Written(folder, len(joined), own, left, gone)


def without_labelled(labels: Sequence[OwnLabel], material: Material, cancelled: Cancel | None) -> NDArray[np.int64]:
    """The run's training images but for copies of labelled ones: they would stand there with two labels."""
    said = []
    for one in labels:
        check(cancelled)
        said.append(digest(body_of(one)))
    train = material.split.train
    return train[~np.isin(material.data.contents[train], np.array(said, np.uint64))]


def put_own(material: Material, image: int, around: Path, row: Callable[..., None]) -> None:
    """One image of the run's set, without a second copy of it where the disk can do that."""
    data = images_of(material.data)
    where = getattr(data.source, "file", lambda _: None)(image)
    if where is None:
        raise DataError(
            f"The images of {data.title} are not files of their own, so nothing can be put beside them.",
            "Save the corrected images as a data set, and open that.",
        )
    target = free_name(around, data.image_name(image))
    try:
        os.link(where, target)
    except OSError:  # on another disk, or one without links
        shutil.copyfile(where, target)
    row(target, data.class_names[data.labels[image]], str(where), "the data set", "", "", "")


def put_label(one: OwnLabel, body: bytes, around: Path, row: Callable[..., None]) -> None:
    target = free_name(around, one.name)
    target.write_bytes(body)
    row(target, one.class_name, one.name, "you", one.answered, f"{one.probability:.6f}", one.run)


def body_of(one: OwnLabel) -> bytes:
    try:
        return one.images.body(one.place)
    except Unread as error:
        raise DataError(
            f"“{one.name}” cannot be read any more: {error}.", "Bring it back, or take its label away."
        ) from None


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


def folders_of(names: Iterable[str]) -> Mapping[str, str]:
    """Of each class a folder of its own, also where two names differ in letters alone that no folder may have."""
    found: dict[str, str] = {}
    for name in sorted(dict.fromkeys(names), key=lambda one: folder_name(one) != one):  # good names are kept
        plain, number = folder_name(name), 1
        while (wanted := plain if number == 1 else f"{plain} {number}") in found.values():
            number += 1
        found[name] = wanted
    return found


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
