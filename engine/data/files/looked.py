"""What was seen when files were looked at, kept between sessions: a file that is as it was is not looked at again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from engine.data.files.decode import ImageFacts, decoders
from engine.data.files.grey import Levels
from engine.data.files.reading import Entry
from engine.data.files.tree import Listing
from engine.data.hashes import digest, short_hash
from engine.machine.files import MEBIBYTE, cache_folder, replacing, trim

FOLDER, RECIPE = "looked", "1"
MOST_BYTES = 256 * MEBIBYTE  # of all folders together
SUM_DIGITS = 20
Row = tuple[int, int, int, int, bool, tuple[float, float, bool] | None, int]  # size and stamp, then the facts


class Looked:
    """Facts of whole images by their size and stamp. A file that cannot be read or written costs time, nothing else.

    What is kept may be wrong where a file changes and its stamp does not: whoever reads it sees that by its digest, and
    calls `forget`.
    """

    def __init__(self, listing: Listing) -> None:
        self._path, self._files = _path(listing.root), listing.files
        self._rows = _read(self._path)

    def of(self, entry: Entry) -> ImageFacts | None:
        """None where it was never looked at, or has changed since."""
        row = self._rows.get(entry.real)
        return _facts(row) if row is not None and (row[0], row[1]) == (entry.size, entry.stamp) else None

    def keep(self, found: Iterable[tuple[Entry, ImageFacts]]) -> None:
        """These beside those that were known, but for files that are no longer there."""
        there = {entry.real for entry in self._files}
        rows = {real: row for real, row in self._rows.items() if real in there}
        rows |= {entry.real: _row(entry, facts) for entry, facts in found}
        body = json.dumps(rows, separators=(",", ":")).encode()
        with suppress(OSError), replacing(self._path, shared=True) as part:
            part.write_bytes(b"%020d" % digest(body) + body)
        trim(self._path.parent, self._path, MOST_BYTES)


def forget(root: Path) -> None:
    """Look at all files of this folder or zip anew."""
    with suppress(OSError):
        _path(root).unlink()


def _path(root: Path) -> Path:
    return cache_folder() / FOLDER / f"{short_hash(RECIPE, str(root), *decoders())}.json"


def _read(path: Path) -> dict[str, Row]:
    """Nothing of a file that is missing or not as it was written."""
    try:
        written = path.read_bytes()
        os.utime(path)
        body = memoryview(written)[SUM_DIGITS:]
        known = digest(body) == int(written[:SUM_DIGITS])
    except (OSError, ValueError):
        return {}
    rows: dict[str, Row] = json.loads(bytes(body)) if known else {}
    return rows


def _row(entry: Entry, facts: ImageFacts) -> Row:
    levels = (facts.levels.low, facts.levels.high, facts.levels.whole) if facts.levels else None
    return entry.size, entry.stamp, facts.height, facts.width, facts.grey, levels, facts.digest


def _facts(row: Row) -> ImageFacts:
    _, _, height, width, grey, levels, seen = row
    return ImageFacts(height, width, grey, Levels(*levels) if levels else None, seen)
