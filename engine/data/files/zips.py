"""What lies in a zip: members under clean names, and what is refused before any of them is read."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from engine.data.files.names import clean, in_zip, is_housekeeping
from engine.data.files.reading import PACKERS, UNPACKED, Entry
from engine.errors import DataError

GIBIBYTE = 2**30
LARGEST_MEMBER = GIBIBYTE
REPACK = "Unpack it yourself, look at what is inside, and pick the folder."
AGAIN = "Unpack it yourself and pick the folder."


def list_members(path: Path, most: int) -> tuple[tuple[Entry, ...], frozenset[str], str]:
    """Files, folders, and how names were read that do not say it; raises `DataError` for a zip that is not safe."""
    members, changed = _members(path)
    names, coding = in_zip(members)
    _refuse_unsafe(path, members, names, most)
    files, folders = dict[str, Entry](), set[str]()
    for member, name in zip(members, names, strict=True):
        inner, is_folder = clean(name.rstrip("/")), name.endswith("/")
        if not inner or any(is_housekeeping(part) for part in inner.split("/")):
            continue
        folders.update(_folders(inner if is_folder else inner.rpartition("/")[0]))
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


def _folders(folder: str) -> set[str]:
    parts = folder.split("/") if folder else []
    return {"/".join(parts[: depth + 1]) for depth in range(len(parts))}


def _refuse_unsafe(path: Path, members: list[zipfile.ZipInfo], names: list[str], most: int) -> None:
    for name in names:
        if name.startswith("/") or ".." in name.split("/") or re.match(r"[A-Za-z]:\S", name):
            raise DataError(f"“{path.name}” holds a path that leads out of the zip (“{clean(name)[:80]}”).", REPACK)
    if any(member.flag_bits & 1 for member in members):
        raise DataError(f"“{path.name}” is protected with a password.", AGAIN)
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    largest = max((member.file_size for member in members), default=0)
    if largest > LARGEST_MEMBER or len(members) > most or (total > GIBIBYTE and total > 200 * max(packed, 1)):
        size = f"{total / GIBIBYTE:,.1f} GiB in {len(members):,} files from {packed / 2**20:,.1f} MiB"
        raise DataError(f"“{path.name}” would unpack to an absurd size ({size}).", REPACK)


def _refuse_unpackable(path: Path, members: list[zipfile.ZipInfo]) -> None:
    kinds = {member.compress_type for member in members}
    if kinds and not kinds & set(UNPACKED):
        packer = PACKERS.get(min(kinds), f"method {min(kinds)}")
        raise DataError(f"“{path.name}” is packed with {packer}, which is not read here.", AGAIN)
