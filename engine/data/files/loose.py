"""Images that a person hands in without labels: files, folders and zips, in their order. Each file is opened once."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Self
from zipfile import is_zipfile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.files.decode import Damaged
from engine.data.files.names import clean
from engine.data.files.read_as import PLAIN, ReadAs
from engine.data.files.reading import Entry, Files, FolderFiles
from engine.data.files.tree import list_files
from engine.data.images import Cancel, fitted, in_threads
from engine.data.labelled_set import Form, Rows
from engine.errors import DataError
from engine.given import is_file, person_path
from engine.machine.files import Unread

Read = Rows | str  # of an example, or why it is not read
Ways = Sequence[tuple[ReadAs, Form]]
THUMB, QUALITY = 96, 85  # pixels of the longer side of a small picture; of its JPEG


@dataclass(frozen=True, slots=True)
class Look:
    """One example as several networks read it. pixels: for each way, of an image uint8 [size, size, channels], of a
    text int32 [size]. small: for people, a JPEG of all of an image, or the text."""

    pixels: tuple[Rows, ...]
    small: bytes | str


class LooseExamples(ABC):
    """Images or texts that a person hands in without labels, in their order. what: they are, in words."""

    what: ClassVar[str] = "images"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None: ...
    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def name(self, place: int) -> str:
        """Where it comes from."""

    def text(self, place: int) -> str:
        """What it says, of a text."""
        return ""

    @abstractmethod
    def read(self, places: Sequence[int], form: Form) -> list[Read]:
        """Each as a network of this form reads it, or why it cannot be read."""

    @abstractmethod
    def look(self, places: Sequence[int], ways: Ways) -> list[Look | str]:
        """As each of these ways reads them, or why they cannot be read."""

    @abstractmethod
    def body(self, place: int) -> bytes:
        """All of it as it is kept; raises `Unread`."""


@dataclass(frozen=True, slots=True)
class LooseImage:
    """name: as it is shown; of one in a folder or zip, its path there behind that of the folder."""

    name: str
    files: Files
    entry: Entry


class HeldFiles(Files):
    def __init__(self, bodies: Mapping[str, bytes]) -> None:
        self._bodies = dict(bodies)

    def _stream(self, entry: Entry) -> tuple[IO[bytes], int]:
        body = self._bodies[entry.real]
        return io.BytesIO(body), len(body)


class LooseImages(LooseExamples):
    """Used in a `with` statement: zips stay open so long. read_as: how the set was read that a network learnt from."""

    def __init__(self, paths: Sequence[str | Path], read_as: ReadAs = PLAIN, cancelled: Cancel | None = None) -> None:
        """Raises `DataError` for a path where nothing is, or a folder or zip that cannot be read or has no image;
        `Cancelled`."""
        self._read_as = read_as
        self._opened: list[Files] = []
        self._images: list[LooseImage] = []
        try:
            for path in paths:
                self._images += self._below(path, cancelled)
        except BaseException:
            self.close()
            raise

    @classmethod
    def held(cls, bodies: Mapping[str, bytes], read_as: ReadAs = PLAIN) -> LooseImages:
        """Whole image files in memory, by their names."""
        made = cls((), read_as)
        files = HeldFiles(bodies)
        made._images = [LooseImage(name, files, Entry(name, len(body), 0, name)) for name, body in bodies.items()]
        return made

    def close(self) -> None:
        """Zips are let go; nothing can be read from them any more."""
        for one in self._opened:
            one.close()

    def __len__(self) -> int:
        return len(self._images)

    def name(self, place: int) -> str:
        return self._images[place].name

    def read(self, places: Sequence[int], form: Form) -> list[Read]:
        """Each uint8 [size, size, channels] as a network of this form reads it, or why it cannot be read."""
        return list(in_threads(lambda place: self._one(self._images[place], form), places))

    def look(self, places: Sequence[int], ways: Ways) -> list[Look | str]:
        """As each of these ways reads them, or why they cannot be read. A file is opened once for all ways, and decoded
        once for all that want it as large and as colourful."""
        return list(in_threads(lambda place: self._look(self._images[place], ways), places))

    def body(self, place: int) -> bytes:
        """The file as it is; raises `Unread`."""
        return self._images[place].files.image(self._images[place].entry)

    def original(self, place: int, side: int) -> NDArray[np.uint8]:
        """uint8 [height, width, 1 or 3], upright, its shorter side at least `side` where it was; raises `DataError`."""
        image = self._images[place]
        try:
            found = np.asarray(PLAIN.image(image.files.image(image.entry), side, 3), dtype=np.uint8)
        except (Damaged, Unread) as error:
            raise DataError(f"“{image.name}” cannot be read: {error}.", "Choose another image.") from None
        return found.reshape(*found.shape[:2], -1)

    def _look(self, image: LooseImage, ways: Ways) -> Look | str:
        try:
            body = image.files.image(image.entry)
            decoded = {key: key[0].image(body, *key[1:]) for key in dict.fromkeys(map(_decoding, ways))}
        except (Damaged, Unread) as error:
            return str(error)
        drawn = [decoded[_decoding(way)] for way in ways]
        pixels = (fitted(found, form.size, form.channels, form.cut)
                  for found, (_, form) in zip(drawn, ways, strict=True))  # fmt: skip
        return Look(tuple(pixels), small_picture(max(drawn, key=lambda one: len(one.mode))))

    def _one(self, image: LooseImage, form: Form) -> Read:
        try:
            return self._read_as.pixels(image.files.image(image.entry), form)
        except (Damaged, Unread) as error:
            return str(error)

    def _below(self, path: str | Path, cancelled: Cancel | None) -> list[LooseImage]:
        if not str(path).strip():  # as of a variable that is not set; it would be the folder one is in
            raise DataError("The path of the images is empty.", "Name a file, a folder or a zip; “.” is this folder.")
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


def _decoding(way: tuple[ReadAs, Form]) -> tuple[ReadAs, int, int]:
    """What a file is decoded by."""
    read_as, form = way
    return read_as, form.cut.resized(form.size), form.channels


def small_picture(image: Image.Image) -> bytes:
    """A JPEG of at most `THUMB` pixels on the longer side; smaller images stay as they are. image: mode L or RGB."""
    small = image.copy()
    small.thumbnail((THUMB, THUMB), Image.Resampling.BILINEAR, reducing_gap=1.0)  # halved first where that is near
    written = io.BytesIO()
    small.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
