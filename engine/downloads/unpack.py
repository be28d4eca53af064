"""Unpacking archives that strangers made: nothing lands outside the folder, and nothing small becomes endless."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TypeAlias, cast

from engine.downloads.arriving import RESERVE, full, on_disk
from engine.errors import Cancelled, DownloadError

TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
MOST_MEMBERS = 3_000_000
MOST_RATIO, FREE_BYTES = 200, 100_000_000  # times as much as the archive, and what any archive may become
BLOCK = 2**20  # bytes
LOOK_EVERY = 64 * 2**20  # bytes between two looks at how much is free
DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, gzip.BadGzipFile, EOFError, NotImplementedError,
    RuntimeError, UnicodeError,
)  # fmt: skip

Cancel: TypeAlias = Callable[[], bool]
Member: TypeAlias = tuple[str, Callable[[], BinaryIO]]  # its path inside, and how its bytes are opened


def is_archive(name: str) -> bool:
    """Whether a file of this name is one that `unpack` opens."""
    return name.lower().endswith((".zip", ".gz", *TARS))


def unpack(archive: Path, folder: Path, cancelled: Cancel = lambda: False) -> None:
    """Everything in a zip, tar, compressed tar or gz, into `folder`: files and folders alone, since nothing that is
    read needs links or devices.

    Raises `DownloadError` for one that is damaged, leads outside, or holds far more than its size can; `Cancelled`.
    """
    room = _Room(archive)
    with _told(archive), _members(archive) as members:
        for name, opened in members:
            target = _inside(name, folder, archive)
            room.count()
            with on_disk(target):
                target.parent.mkdir(parents=True, exist_ok=True)
            with opened() as source, on_disk(target), target.open("wb") as file:
                while block := _read(source, archive):
                    if cancelled():
                        raise Cancelled
                    room.take(len(block), target)
                    file.write(block)


class _Room:
    """What one archive may still become."""

    def __init__(self, archive: Path) -> None:
        self._archive, self._members, self._looked = archive, 0, LOOK_EVERY
        self._left = FREE_BYTES + MOST_RATIO * archive.stat().st_size

    def count(self) -> None:
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise _bomb(self._archive)

    def take(self, octets: int, target: Path) -> None:
        self._left -= octets
        self._looked += octets
        if self._left < 0:
            raise _bomb(self._archive)
        if self._looked >= LOOK_EVERY:
            self._looked = 0
            if shutil.disk_usage(target.parent).free < RESERVE:
                raise full(target)


def _bomb(archive: Path) -> DownloadError:
    return DownloadError(
        f"The archive {archive.name} holds far more than its size can.", "Do not open it; tell those who offer it."
    )


@contextmanager
def _told(archive: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise _damaged(archive) from error


def _damaged(archive: Path) -> DownloadError:
    return DownloadError(f"The archive {archive.name} is damaged, or is none.", "Remove it and fetch it again.")


def _read(source: BinaryIO, archive: Path) -> bytes:
    """Errors of the archive are not those of the disk that is written to."""
    try:
        return source.read(BLOCK)
    except (*DAMAGED, OSError) as error:
        raise _damaged(archive) from error


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[Member]]:
    name = archive.name.lower()
    if name.endswith(".zip"):
        with zipfile.ZipFile(archive) as found:
            yield _of_zip(found)
    elif name.endswith(TARS):
        with tarfile.open(archive, "r:*") as opened:
            yield _of_tar(opened)
            _read_to_its_checksum(opened)
    else:
        yield iter([(archive.name[: -len(".gz")], lambda: cast(BinaryIO, gzip.GzipFile(archive)))])


def _of_zip(found: zipfile.ZipFile) -> Iterator[Member]:
    for one in found.infolist():
        kind = (one.external_attr >> 16) & 0o170000
        if not one.is_dir() and kind in (0, 0o100000):
            yield one.filename, lambda one=one: found.open(one)  # type: ignore[misc]


def _of_tar(found: tarfile.TarFile) -> Iterator[Member]:
    while (one := found.next()) is not None:
        found.members = []  # type: ignore[attr-defined] # else it keeps a million headers
        if one.isfile():
            yield one.name, lambda one=one: found.extractfile(one)  # type: ignore[misc]


def _read_to_its_checksum(found: tarfile.TarFile) -> None:
    """A tar ends before the compressed stream around it, whose last bytes say whether all before were right."""
    left = FREE_BYTES
    while left > 0 and (block := cast(BinaryIO, found.fileobj).read(BLOCK)):
        left -= len(block)


def _inside(name: str, folder: Path, archive: Path) -> Path:
    """Where a member goes; raises `DownloadError` for one that leads out of the folder."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    clean = [part for part in parts if part != "."]
    if not clean or ".." in clean or any(":" in part or "\0" in part or part == "/" for part in clean):
        raise DownloadError(
            f"The archive {archive.name} holds a file that would lie outside its folder.",
            "Do not open it; tell those who offer it.",
        )
    return folder.joinpath(*clean)


def unpack_within(folder: Path, cancelled: Cancel = lambda: False) -> None:
    """Archives that an archive held, each where it lies and not kept; a lone gz stays, as readers open one."""
    found = [path for path in folder.rglob("*") if path.name.lower().endswith((".zip", *TARS)) and path.is_file()]
    for path in found:
        unpack(path, path.parent, cancelled)
        path.unlink()


def remove_tree(folder: Path) -> None:
    """The folder and all in it, as far as the disk lets go of it."""
    if os.path.lexists(folder):
        shutil.rmtree(folder, ignore_errors=True)
