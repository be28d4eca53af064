"""Images that a person hands in without labels: files, folders and zips, in their order. Each file is opened once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray

from engine.data.files.decode import Damaged
from engine.data.files.names import clean
from engine.data.files.read_as import PLAIN, ReadAs
from engine.data.files.reading import Entry, Files, FolderFiles
from engine.data.files.tree import list_files
from engine.data.images import Cancel, Form, in_threads
from engine.errors import DataError
from engine.given import is_file, person_path
from engine.machine.files import Unread

Read = NDArray[np.uint8] | str


@dataclass(frozen=True, slots=True)
class LooseImage:
    """name: as it is shown; of one in a folder or zip, its path there behind that of the folder."""

    name: str
    files: Files
    entry: Entry


class LooseImages:
    """Used in a `with` statement: zips stay open so long. read_as: how the set was read that a network learnt from."""

    def __init__(self, paths: Sequence[str | Path], read_as: ReadAs = PLAIN, cancelled: Cancel | None = None) -> None:
        """Raises `DataError` for a path where nothing is, or a folder or zip that cannot be read or has no image;
        `Cancelled`."""
        self._read_as = read_as
        self._opened: list[Files] = []
        self._images: list[LooseImage] = []
        for path in paths:
            self._images += self._below(path, cancelled)

    def __enter__(self) -> LooseImages:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._opened:
            one.close()

    def __len__(self) -> int:
        return len(self._images)

    def name(self, place: int) -> str:
        return self._images[place].name

    def read(self, places: Sequence[int], form: Form) -> list[Read]:
        """Each uint8 [size, size, channels] as a network of this form reads it, or why it cannot be read."""
        return list(in_threads(lambda place: self._one(self._images[place], form), places))

    def _one(self, image: LooseImage, form: Form) -> Read:
        try:
            return self._read_as.pixels(image.files.image(image.entry), form)
        except (Damaged, Unread) as error:
            return str(error)

    def _below(self, path: str | Path, cancelled: Cancel | None) -> list[LooseImage]:
        file = person_path(path)
        if is_file(file) and not is_zipfile(file):
            return [self._single(file)]
        listing = list_files(file, cancelled)
        if not listing.images:
            raise DataError(f"“{clean(str(path))}” holds no images.", "Name a folder or a zip of images.")
        files = listing.open()
        self._opened.append(files)
        around = clean(str(path)).rstrip("/\\")
        return [LooseImage(f"{around}/{entry.path}", files, entry) for entry in listing.images]

    def _single(self, file: Path) -> LooseImage:
        return LooseImage(clean(str(file)), FolderFiles(file.absolute().parent), Entry(file.name, 0, 0, file.name))
