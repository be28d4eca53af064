"""The hash of a large file, kept between sessions: one that is as it was is not read again to be known."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from engine.data.files.reading import Entry
from engine.data.hashes import short_hash
from engine.machine.files import MEBIBYTE, cache_folder, replacing, trim

FOLDER = "hashed"
MOST_BYTES = MEBIBYTE


def hash_of(root: Path, entry: Entry, body: memoryview) -> str:
    """`short_hash` of a file's bytes, or what it was when the file had this size and stamp. A note that cannot be read
    or written costs time, nothing else."""
    note = cache_folder() / FOLDER / f"{short_hash(str(root), entry.real)}.json"
    as_now = [entry.size, entry.stamp]
    with suppress(OSError, ValueError, TypeError, RecursionError):
        *was, found = json.loads(note.read_text(encoding="utf-8"))
        if was == as_now and isinstance(found, str):
            return found
    found = short_hash(body)
    with suppress(OSError), replacing(note, shared=True) as part:
        part.write_text(json.dumps([*as_now, found]), encoding="utf-8")
    trim(note.parent, note, MOST_BYTES)
    return found
