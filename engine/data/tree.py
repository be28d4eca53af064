"""The files of a folder or zip, listed and read in the same way. A zip is read in place, never unpacked."""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.data.images import Cancel, check
from engine.errors import DataError
from engine.given import is_there, person_path

IMAGE_ENDINGS = frozenset(
    (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm")
)
GIBIBYTE = 2**30
MOST_FILES = 1_000_000
LARGEST_FILE = GIBIBYTE
REPACK = "Unpack it yourself, look at what is inside, and pick the folder."


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A file: path with / inside the folder or zip, size in bytes, stamp that changes when the file does."""

    path: str
    size: int
    stamp: int


@dataclass(frozen=True)
class Listing:
    """All visible files and folders. folders: paths of all folders, also empty ones."""

    root: Path
    files: tuple[Entry, ...]
    folders: frozenset[str]
    is_zip: bool

    @cached_property
    def images(self) -> tuple[Entry, ...]:
        """The files whose ending promises an image, in the order of a person who counts: 9 before 10."""
        found = (entry for entry in self.files if os.path.splitext(entry.path)[1].lower() in IMAGE_ENDINGS)
        return tuple(sorted(found, key=lambda entry: natural(entry.path)))

    @property
    def signature(self) -> int:
        """Changes whenever a file is added, removed or rewritten."""
        return hash((str(self.root), self.files, self.folders))

    def open(self) -> FolderFiles | ZipFiles:
        return ZipFiles(self.root) if self.is_zip else FolderFiles(self.root)


class FolderFiles:
    """Reads files of a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def close(self) -> None:
        """Nothing is held open."""


class ZipFiles:
    """Reads files of a zip; several threads may read at the same time."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._members = {_inner_path(member.filename): member for member in self._zip.infolist()}

    def read(self, path: str) -> bytes:
        """At most the declared size is ever unpacked."""
        return self._zip.read(self._members[path])

    def close(self) -> None:
        self._zip.close()


def list_files(path: str | Path, cancelled: Cancel | None = None) -> Listing:
    """What lies in a folder or zip, without hidden files; raises `DataError` when it is neither or not safe."""
    root = Path(os.path.abspath(person_path(path)))
    if not is_there(root):
        raise DataError(f"“{root}” does not exist.", "Check the path, or pick the folder again.")
    if root.is_dir():
        return _list_folder(root, cancelled)
    if zipfile.is_zipfile(root):
        return _list_zip(root)
    if root.suffix.lower() == ".zip":
        raise DataError(f"“{root.name}” is not a readable zip file.", "Download or pack it again.")
    raise DataError(f"“{root.name}” is a single file.", "Pick a folder of class folders, or a zip of one.")


def is_hidden(name: str) -> bool:
    """Whether one part of a path is housekeeping of a system rather than someone's data."""
    return name.startswith(".") or name.lower() in {"__macosx", "@eadir", "thumbs.db", "desktop.ini"}


def _list_folder(root: Path, cancelled: Cancel | None) -> Listing:
    files: list[Entry] = []
    folders: set[str] = set()
    linked: set[str] = set()
    waiting = [(str(root), "")]
    while waiting:
        check(cancelled)
        folder, inner = waiting.pop()
        for item in _scan(folder):
            if is_hidden(item.name):
                continue
            if not item.is_dir():
                files.append(_entry(item, inner + item.name))
            elif not (item.is_symlink() and _met_before(item.path, linked)):
                folders.add(inner + item.name)
                waiting.append((item.path, f"{inner}{item.name}/"))
        if len(files) > MOST_FILES:
            raise DataError(
                f"“{root.name}” holds more than {MOST_FILES:,} files.", "Pick the folder of classes itself."
            )
    return Listing(root, tuple(sorted(files)), frozenset(folders), is_zip=False)


def _scan(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as items:
            return list(items)
    except OSError as error:
        raise DataError(f"The folder “{folder}” cannot be read ({error.strerror}).", "Check its permissions.") from None


def _met_before(link: str, linked: set[str]) -> bool:
    """Whether a linked folder was listed already or holds the link itself, which would never end."""
    target = os.path.realpath(link)
    around = os.path.realpath(os.path.dirname(link))
    if target in linked or around == target or around.startswith(target.rstrip(os.sep) + os.sep):
        return True
    linked.add(target)
    return False


def _entry(item: os.DirEntry[str], path: str) -> Entry:
    try:
        status = item.stat()
        return Entry(path, status.st_size, hash((status.st_mtime_ns, status.st_ctime_ns, status.st_ino)))
    except OSError:
        return Entry(path, 0, 0)


def _list_zip(path: Path) -> Listing:
    try:
        with zipfile.ZipFile(path) as opened:
            members, changed = opened.infolist(), path.stat().st_mtime_ns
    except (OSError, zipfile.BadZipFile, ValueError):
        raise DataError(f"“{path.name}” is not a readable zip file.", "Download or pack it again.") from None
    _refuse_unsafe(path, members)
    files, folders = [], set()
    for member in members:
        inner = _inner_path(member.filename)
        if any(is_hidden(part) for part in inner.split("/")):
            continue
        folders.update(_parents(inner if member.is_dir() else os.path.dirname(inner)))
        if not member.is_dir():
            files.append(Entry(inner, member.file_size, hash((member.CRC, changed))))
    unique = {entry.path: entry for entry in files}
    return Listing(path, tuple(sorted(unique.values())), frozenset(folders), is_zip=True)


def _inner_path(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./").rstrip("/")


def _parents(folder: str) -> set[str]:
    parts = folder.split("/") if folder else []
    return {"/".join(parts[: depth + 1]) for depth in range(len(parts))}


def _refuse_unsafe(path: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        inner = member.filename.replace("\\", "/")
        if inner.startswith("/") or ".." in inner.split("/") or re.match(r"[A-Za-z]:", inner):
            raise DataError(f"“{path.name}” holds a path that leads out of the zip (“{member.filename}”).", REPACK)
        if member.flag_bits & 1:
            raise DataError(f"“{path.name}” is protected with a password.", "Unpack it yourself and pick the folder.")
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    largest = max((member.file_size for member in members), default=0)
    if largest > LARGEST_FILE or len(members) > MOST_FILES or (total > GIBIBYTE and total > 200 * max(packed, 1)):
        size = f"{total / GIBIBYTE:,.1f} GiB in {len(members):,} files from {packed / 2**20:,.1f} MiB"
        raise DataError(f"“{path.name}” would unpack to an absurd size ({size}).", REPACK)


def natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key that puts "image 9" before "image 10"."""
    pieces = re.split(r"(\d+)", text.casefold())
    return [(0, int(piece), "") if piece.isdigit() and piece.isascii() else (1, 0, piece) for piece in pieces] + [
        (2, 0, text)
    ]
