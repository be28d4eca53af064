"""The files of a folder or zip, listed in the same way. Only regular files are ever opened."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from engine.data.files.kinds import COMPANIONS, IMAGE_ENDINGS, TEXT_ENDINGS, ending, kind, promises_image
from engine.data.files.names import clean, in_zip, is_housekeeping, is_text
from engine.data.files.order import in_order, natural
from engine.data.files.reading import PACKERS, UNPACKED, Entry, Files, FolderFiles, ZipFiles
from engine.data.images import Cancel, check
from engine.data.labelled_set import Skipped
from engine.errors import DataError
from engine.given import is_there, person_path
from engine.machine.files import Unread

MOST_FILES = 1_000_000
IN_PARTS = attrgetter("path", "size", "stamp", "real")  # by which entries are in order, and sooner than by themselves
GIBIBYTE = 2**30
LARGEST_MEMBER = GIBIBYTE
REPACK = "Unpack it yourself, look at what is inside, and pick the folder."
AGAIN = "Unpack it yourself and pick the folder."


@dataclass(frozen=True)
class Listing:
    """All visible files and folders. folders: paths of all folders, also empty ones. odd: what is called an image and
    is no regular file (a pipe, a device, a link that leads nowhere), and folders that cannot be read. coding: how the
    names of a zip were read that does not say it, "" for UTF-8. alone: it is one file of texts, which is `root`."""

    root: Path
    files: tuple[Entry, ...]
    folders: frozenset[str]
    is_zip: bool
    odd: tuple[Skipped, ...] = ()
    coding: str = ""
    alone: bool = False

    @property
    def images(self) -> tuple[Entry, ...]:
        """The files that are images by their ending, or by their first bytes where it says nothing, in the order of a
        person who counts: 9 before 10."""
        return self._sorted_out[0]

    @property
    def unknown(self) -> tuple[Entry, ...]:
        """The files whose ending says nothing and whose bytes are no image's."""
        return self._sorted_out[1]

    @property
    def others(self) -> tuple[Entry, ...]:
        """The files that are no images read here by their ending: few, however many images there are."""
        return self._parted[1]

    @cached_property
    def companions(self) -> tuple[Entry, ...]:
        """Texts and tables, as they come with images."""
        return tuple(entry for entry in self.others if ending(entry.path) in COMPANIONS)

    @cached_property
    def _parted(self) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        """Files with the ending of an image that is read here, and all others; each is asked once."""
        usual, others = list[Entry](), list[Entry]()
        for entry in self.files:
            (usual if ending(entry.path) in IMAGE_ENDINGS else others).append(entry)
        return tuple(usual), tuple(others)

    @cached_property
    def _sorted_out(self) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
        images = [*self._parted[0], *(entry for entry in self.others if promises_image(entry.path))]
        doubtful = [e for e in self.others if not promises_image(e.path) and ending(e.path) not in COMPANIONS]
        found: list[Entry] = []
        if doubtful:
            with closing(self.open()) as files:
                found = [one for one in doubtful if one.size and kind(_head(files, one)) is not None]
        images += found
        known = set(found)
        return tuple(in_order(images)), tuple(entry for entry in doubtful if entry not in known)

    @property
    def signature(self) -> int:
        """Changes whenever a file is added, removed or rewritten."""
        return hash((str(self.root), self.files, self.folders, self.odd))

    @cached_property
    def arrangements(self) -> dict[object, object]:
        """What was made of it, by what was wished (`arranged`): of 100,000 files that takes half a second each time."""
        return {}

    def open(self) -> Files:
        if self.is_zip:
            return ZipFiles(self.root)
        return FolderFiles(self.root.parent if self.alone else self.root)


def list_files(path: str | Path, cancelled: Cancel | None = None) -> Listing:
    """What lies in a folder or zip, without hidden files, or one file of texts; raises `DataError` when it is none of
    these or not safe."""
    root = Path(os.path.abspath(person_path(path)))
    if not is_text(str(root)):
        raise DataError(f"The path “{clean(str(root))}” is not text that could be saved.", "Rename the folder.")
    if not is_there(root):
        raise DataError(f"“{root}” does not exist.", "Check the path, or pick the folder again.")
    if root.is_dir():
        return _list_folder(root, cancelled)
    if not root.is_file():
        raise DataError(f"“{root}” is neither a folder nor a file.", "Pick a folder of class folders, or a zip of one.")
    if zipfile.is_zipfile(root):
        files, folders, coding = _list_members(root)
        return Listing(root, files, folders, is_zip=True, coding=coding)
    if root.suffix.lower() == ".zip":
        raise DataError(f"“{root.name}” is not a readable zip file.", "Download or pack it again.")
    if ending(root.name) in TEXT_ENDINGS:
        status = root.stat()
        stamp = hash((status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
        return Listing(
            root, (Entry(clean(root.name), status.st_size, stamp, root.name),), frozenset(), False, alone=True
        )
    raise DataError(
        f"“{root.name}” is a single file.", "Pick a folder of class folders, a zip of one, or a table of texts."
    )


@dataclass
class _Walked:
    files: list[Entry] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    odd: list[Skipped] = field(default_factory=list)


def _list_folder(root: Path, cancelled: Cancel | None) -> Listing:
    found, linked = _Walked(), set[str]()
    waiting = [(str(root), "")]
    while waiting:
        check(cancelled)
        folder, inner = waiting.pop()
        for item in _scan(folder, inner, found):
            if is_housekeeping(item.name):
                continue
            if not _is_folder(item):
                _add_file(item, inner + item.name, found)
            elif not (item.is_symlink() and met_before(item.path, linked)):
                found.folders.append(clean(inner + item.name))
                waiting.append((item.path, f"{inner}{item.name}/"))
        if len(found.files) > MOST_FILES:
            raise DataError(
                f"“{root.name}” holds more than {MOST_FILES:,} files.", "Pick the folder of classes itself."
            )
    odd = sorted(found.odd, key=lambda one: natural(one.path))
    files = tuple(sorted(found.files, key=IN_PARTS))
    return Listing(root, files, frozenset(found.folders), is_zip=False, odd=tuple(odd))


def _scan(folder: str, inner: str, found: _Walked) -> list[os.DirEntry[str]]:
    """What lies in a folder; the outermost must be readable, another one is named when it is not."""
    try:
        with os.scandir(folder) as items:
            return list(items)
    except OSError as error:
        if inner:
            found.odd.append(Skipped(clean(inner.rstrip("/")), "a folder that cannot be read"))
            return []
        raise DataError(f"The folder “{folder}” cannot be read ({error.strerror}).", "Check its permissions.") from None


def _is_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_dir()
    except OSError:
        return False


def met_before(link: str, linked: set[str]) -> bool:
    """Whether a linked folder was listed already or holds the link itself, which would never end."""
    target = os.path.realpath(link)
    around = os.path.realpath(os.path.dirname(link))
    if target in linked or around == target or around.startswith(target.rstrip(os.sep) + os.sep):
        return True
    linked.add(target)
    return False


def _add_file(item: os.DirEntry[str], path: str, found: _Walked) -> None:
    """A regular file; of what is none, or has gone since, only what is called an image is worth a word."""
    try:
        status = item.stat()
        if stat.S_ISREG(status.st_mode):
            stamp = hash((status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
            found.files.append(Entry(clean(path), status.st_size, stamp, path))
            return
        reason = "not a file"
    except OSError:
        reason = "a link that leads nowhere" if item.is_symlink() else "cannot be read"
    if promises_image(path):
        found.odd.append(Skipped(clean(path), reason))


def _list_members(path: Path) -> tuple[tuple[Entry, ...], frozenset[str], str]:
    """Files, folders, and how names were read that do not say it; raises `DataError` for a zip that is not safe."""
    members, changed = _members(path)
    names, coding = in_zip(members)
    _refuse_unsafe(path, members, names)
    files, folders = dict[str, Entry](), set[str]()
    for member, name in zip(members, names, strict=True):
        inner, is_folder = clean(name.rstrip("/")), name.endswith("/")
        if not inner or any(is_housekeeping(part) for part in inner.split("/")):
            continue
        folders.update(ancestors(inner if is_folder else inner.rpartition("/")[0]))
        if not is_folder:
            files[member.filename] = Entry(inner, member.file_size, hash((member.CRC, changed)), member.filename)
    _refuse_unpackable(path, [member for member in members if member.filename in files])
    return tuple(sorted(files.values())), frozenset(folders), coding


def _members(path: Path) -> tuple[list[zipfile.ZipInfo], int]:
    try:
        with zipfile.ZipFile(path) as opened:
            return opened.infolist(), path.stat().st_mtime_ns
    except NotImplementedError as error:  # "zip file version 14.7"
        version = str(error).rpartition(" ")[2]
        raise DataError(f"“{path.name}” asks for a program that unpacks zip {version}.", AGAIN) from None
    except (OSError, zipfile.BadZipFile, ValueError, OverflowError):
        raise DataError(f"“{path.name}” is not a readable zip file.", "Download or pack it again.") from None


def _refuse_unsafe(path: Path, members: list[zipfile.ZipInfo], names: list[str]) -> None:
    for name in names:
        if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:\S", name):
            raise DataError(f"“{path.name}” holds a path that leads out of the zip (“{clean(name)[:80]}”).", REPACK)
    if any(member.flag_bits & 1 for member in members):
        raise DataError(f"“{path.name}” is protected with a password.", AGAIN)
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    largest = max((member.file_size for member in members), default=0)
    if largest > LARGEST_MEMBER or len(members) > MOST_FILES or (total > GIBIBYTE and total > 200 * max(packed, 1)):
        size = f"{total / GIBIBYTE:,.1f} GiB in {len(members):,} files from {packed / 2**20:,.1f} MiB"
        raise DataError(f"“{path.name}” would unpack to an absurd size ({size}).", REPACK)


def _refuse_unpackable(path: Path, members: list[zipfile.ZipInfo]) -> None:
    kinds = {member.compress_type for member in members}
    if kinds and not kinds & set(UNPACKED):
        packer = PACKERS.get(min(kinds), f"method {min(kinds)}")
        raise DataError(f"“{path.name}” is packed with {packer}, which is not read here.", AGAIN)


def _head(files: Files, entry: Entry) -> bytes:
    try:
        return files.head(entry)
    except Unread:
        return b""


def ancestors(folder: str) -> set[str]:
    """A folder and those around it; none of ""."""
    parts = folder.split("/") if folder else []
    return {"/".join(parts[: depth + 1]) for depth in range(len(parts))}
