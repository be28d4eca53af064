"""One thing that was asked for comes here: all its files, unpacked if need be, and then all at once under its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.downloads.arriving import Arriving, hold_space, on_disk
from engine.downloads.fetching import Cancel, Progress, fetch
from engine.downloads.unpack import TARS, is_archive, remove_tree, unpack, unpack_within
from engine.downloads.wanted import Wanted
from engine.errors import Cancelled
from engine.machine.locks import locked

UNPACKED = "unpacked"  # folder beside the fetched files


def bring(wanted: Wanted, progress: Progress, cancelled: Cancel) -> Path:
    """All its files; returns its folder. What has a folder of its own is filled under another name, so that the folder
    is there only once it is whole. progress: over all files. Raises `Cancelled`, `DownloadError`.
    """
    if not wanted.has_own_folder:
        _fetch_all(wanted, progress, cancelled)
        return wanted.folder
    place = filling(wanted)
    with on_disk(wanted.folder):
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(_lock_of(place), cancelled):
            if not wanted.folder.is_dir():
                _hold_space(wanted, place)
                _fetch_all(wanted, progress, cancelled)
                _settle(wanted, place, cancelled)
            remove_tree(place)
    return wanted.folder


def _hold_space(wanted: Wanted, place: Path) -> None:
    """For all files, and for what is in them; raises `DownloadError`. Compressed photos are about as large as their
    archive."""
    here = sum(path.stat().st_size for path in place.iterdir() if path.is_file()) if place.is_dir() else 0
    hold_space(place, wanted.bytes * (2 if wanted.unpack else 1) - here, wanted.title)


def _fetch_all(wanted: Wanted, progress: Progress, cancelled: Cancel) -> None:
    before = 0
    for file in wanted.files:
        path = fetch(file, filling(wanted), _shifted(progress, before, wanted.bytes), cancelled)
        before += path.stat().st_size


def filling(wanted: Wanted) -> Path:
    """The folder that its files come to at first."""
    return wanted.folder.with_name(f"{wanted.folder.name}.part") if wanted.has_own_folder else wanted.folder


def forget(wanted: Wanted) -> None:
    """Remove what has come of it and is not whole, unless another program is just fetching it. Raises `OSError`."""
    if wanted.has_own_folder:
        _unless_at_work(filling(wanted), remove_tree)
        return
    for file in wanted.files:
        _unless_at_work(wanted.folder / file.name, lambda path: Arriving(path).drop())


def _unless_at_work(place: Path, remove: Callable[[Path], object]) -> None:
    """Nothing while another has the lock of `place`, or where there is no such folder."""
    with suppress(Cancelled, FileNotFoundError), locked(_lock_of(place), lambda: True):
        remove(place)


def _lock_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.lock")


def _shifted(progress: Progress, before: int, total: int) -> Progress:
    """Of one file among several."""

    def told(done: int, of: int, host: str) -> None:
        progress(before + done, total or (before + of if of else 0), host)

    return told


def _settle(wanted: Wanted, place: Path, cancelled: Cancel) -> None:
    """The whole folder takes its name; archives, and tars within them, are unpacked before, and not kept."""
    if not wanted.unpack:
        os.replace(place, wanted.folder)
        return
    inside = place / UNPACKED
    remove_tree(inside)
    inside.mkdir()
    for file in wanted.files:
        if is_archive(file.name):
            unpack(place / file.name, inside, cancelled)
    unpack_within(inside, cancelled)
    for nested in [path for path in inside.rglob("*") if path.name.lower().endswith(TARS) and path.is_file()]:
        unpack(nested, inside, cancelled)
        nested.unlink()
    for file in wanted.files:
        if not is_archive(file.name):
            os.replace(place / file.name, inside / file.name)
    os.replace(inside, wanted.folder)
