"""What a machine of a cluster has of runs that it works: a folder for each attempt; none meets another's files.

attempts/<run>/<journal>/events.jsonl   what it says, while it is worked
                         order.json     what was asked
                         runs/<run>/    the run's own folder, beside those of the runs that it starts from
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from engine.errors import ExperimentError
from engine.events import RESUME_FILE, RunFailed
from engine.machine.files import write_text
from engine.remote.journal import JournalEntry, attempt, last_entry
from engine.remote.needed import RUNS

ATTEMPTS, ORDER = "attempts", "order.json"
COUNTS = frozenset("0123456789abcdef-")


class Attempts:
    """home: of the machine, which several processes, and with a shared folder several machines, have together."""

    def __init__(self, home: Path) -> None:
        self._home = home / ATTEMPTS

    def folder(self, uid: str, journal: str) -> Path:
        """Of one attempt; raises `ExperimentError` for what is no name."""
        if not journal or not COUNTS.issuperset(journal):
            raise ExperimentError("This is no name of an attempt.", "Begin the run anew.")
        return self._of(uid) / journal

    def run(self, uid: str, journal: str) -> Path:
        """The run's own folder in it."""
        return self.folder(uid, journal) / RUNS / uid

    def begin(self, uid: str, journal: str, order: str) -> Path:
        """A new folder for an attempt, with the order. Raises `OSError`."""
        folder = self.folder(uid, journal)
        self.run(uid, journal).mkdir(parents=True)
        write_text(folder / ORDER, order)
        return folder

    def ended(self, uid: str) -> JournalEntry | None:
        """The last word of an attempt that was worked to its end, well or stopped."""
        for one in self.known(uid):
            if one.is_last and not isinstance(one.event, RunFailed):
                return one
        return None

    def known(self, uid: str) -> list[JournalEntry]:
        """The last word of each attempt that said anything, the newest first."""
        folders = sorted(self.of(uid), key=_order, reverse=True)
        return [last for one in folders if (last := last_entry(one)) is not None]

    def newest(self, uid: str) -> Path | None:
        """The folder of the attempt to hear of: one worked to its end, else the one that was begun last."""
        if (ended := self.ended(uid)) is not None:
            return self.folder(uid, ended.place.journal)
        return max(self.of(uid), key=_order, default=None)

    def resumable(self, uid: str) -> list[Path]:
        """The folders of attempts that left a place to go on from, the newest first."""
        found = (one for one in self.of(uid) if (one / RUNS / uid / RESUME_FILE).is_file())
        return sorted(found, key=_order, reverse=True)

    def drop(self, uid: str, journal: str) -> None:
        """Remove one attempt."""
        shutil.rmtree(self.folder(uid, journal), ignore_errors=True)

    def forget(self, uid: str, last: int) -> None:
        """Remove all attempts up to this one."""
        for one in self.of(uid):
            if attempt(one.name) <= last:
                shutil.rmtree(one, ignore_errors=True)
        with suppress(OSError):
            self._of(uid).rmdir()

    def all(self) -> Iterable[Path]:
        """The folders of all attempts of all runs."""
        return self._home.glob("*/*-*")

    def of(self, uid: str) -> list[Path]:
        """The folders of all attempts of a run, in no order."""
        return [one for one in self._of(uid).glob("*-*") if one.is_dir() and COUNTS.issuperset(one.name)]

    def _of(self, uid: str) -> Path:
        if not uid.isalnum():
            raise ExperimentError("This is no name of a run.", "Begin the run anew.")
        return self._home / uid


def taken_over(source: Path, target: Path) -> None:
    """Give an attempt the files of an earlier one, which may still put others in their place there."""
    for file in sorted(one for one in source.rglob("*") if one.is_file() and one.suffix != ".part"):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        linked(file, place)


def linked(file: Path, place: Path) -> bool:
    """A second name for the file, or a copy where the disk knows none; whether it is the same file."""
    with suppress(OSError):
        os.link(file, place)
        return True
    shutil.copyfile(file, place)
    return False


def _order(folder: Path) -> tuple[int, int]:
    with suppress(OSError, ValueError):
        return attempt(folder.name), folder.stat().st_ctime_ns
    return 0, 0
