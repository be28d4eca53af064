"""What a machine of a cluster keeps of files for other runs, within a limit: those not used for longest go first."""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from engine.backbones.located import hub_checkpoints
from engine.errors import ExperimentError
from engine.events import RunFailed
from engine.remote.attempts import ORDER, Attempts
from engine.remote.journal import FILE, last_entry
from engine.remote.needed import GIVEN, RUNS
from engine.remote.order import NeededFile, Order

LAID = (GIVEN, RUNS, "datasets", "weights")
AT_WORK = 86_400.0  # seconds without a word after which a run is not taken for one at work
FORGOTTEN = 30 * 86_400.0  # seconds after which nobody comes for what a run left


def trim(home: Path, most: int) -> None:
    """Remove kept files, wherever they were laid, until they have at most `most` bytes; never one of a run at work.
    What runs left that nobody came for in a month goes as well. Raises `OSError`."""
    attempts = [*Attempts(home).all()]
    forget_old(attempts)
    used = {need.digest for one in attempts if _works(one) for need in _asked(one)}
    kept = sorted((home / "files").glob("*/*"), key=lambda file: file.stat().st_mtime)
    total = sum(file.stat().st_size for file in kept)
    if total <= most:
        return
    laid = _laid((*(home / name for name in LAID), hub_checkpoints()))
    for file in kept:
        if total <= most:
            return
        if file.name.partition(".")[0] in used:
            continue
        with suppress(OSError):
            seen = file.stat()
            for one in (*laid[seen.st_dev, seen.st_ino], file):
                one.unlink(missing_ok=True)
            total -= seen.st_size


def forget_old(attempts: Iterable[Path]) -> None:
    """Remove what runs left that have said nothing for long."""
    for one in attempts:
        if _silent(one) > FORGOTTEN:
            shutil.rmtree(one, ignore_errors=True)


def _works(attempt: Path) -> bool:
    last = last_entry(attempt)
    ended = last is not None and last.is_last and not isinstance(last.event, RunFailed)
    return not ended and _silent(attempt) < AT_WORK


def _silent(attempt: Path) -> float:
    """Seconds since it was begun or said something. One that is being begun has a folder and nothing in it."""
    return time.time() - max(map(_stamp, (attempt, attempt / FILE, attempt / ORDER)))


def _stamp(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _asked(attempt: Path) -> Iterable[NeededFile]:
    with suppress(OSError, ValueError, TypeError, LookupError, ExperimentError):
        return Order.heard((attempt / ORDER).read_text("utf-8")).needs
    return ()


def _laid(folders: Iterable[Path]) -> dict[tuple[int, int], list[Path]]:
    """Other names of kept files, by the disk and the number that it knows a file by."""
    found: defaultdict[tuple[int, int], list[Path]] = defaultdict(list)
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file() and (seen := file.stat()).st_nlink > 1:
                found[seen.st_dev, seen.st_ino].append(file)
    return found
