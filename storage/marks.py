"""Tags, the archive and notes on cells: what helps to find a run again, as a run's row keeps them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from engine.errors import StorageError
from storage.rows import CellNote, moment

LONGEST_TAG = 30  # letters
MOST_TAGS = 20  # of one run
LONGEST_NOTE = 4000  # letters of a note on a cell


def tag_words(typed: Iterable[str]) -> list[str]:
    """Tags as they are kept: one word each, every word once whatever its capitals; raises `StorageError`."""
    kept: dict[str, str] = {}
    for text in typed:
        word = "-".join("".join(c if c.isprintable() and c not in ",;" else " " for c in text).split()).lstrip("#")
        if len(word) > LONGEST_TAG:
            raise StorageError(f"The tag “{word}” is too long.", f"Use up to {LONGEST_TAG} letters.")
        if word:
            kept.setdefault(word.casefold(), word)
    if len(kept) > MOST_TAGS:
        raise StorageError(f"{len(kept)} tags are too many for one run.", f"Give it up to {MOST_TAGS}.")
    return list(kept.values())


def encode(found: object) -> str:
    """As the columns `tags` and `cell_notes` keep it."""
    return json.dumps(found, ensure_ascii=False)


def read(tags: str, archived: int, cell_notes: str) -> dict[str, Any]:
    """The fields of `RunRow`; what is damaged is left out, for it decides nothing about the run."""
    return {"tags": _tags(tags), "archived": bool(archived), "cell_notes": _notes(cell_notes)}


def _tags(text: str) -> tuple[str, ...]:
    if text == "[]":
        return ()
    found = _json(text)
    return tuple(tag for tag in found if isinstance(tag, str)) if isinstance(found, list) else ()


def _notes(text: str) -> dict[str, CellNote]:
    if text == "{}":
        return {}
    found = _json(text)
    notes = found.items() if isinstance(found, dict) else ()
    return {
        place: CellNote(note["text"], moment(note.get("time")) or 0.0)
        for place, note in notes if isinstance(note, dict) and isinstance(note.get("text"), str)
    }  # fmt: skip


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None


def tags_of(connection: sqlite3.Connection, run_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The tags of these runs by id."""
    query = "SELECT id, tags FROM run WHERE id IN (SELECT value FROM json_each(?))"
    return {run_id: _tags(text) for run_id, text in connection.execute(query, (json.dumps(list(run_ids)),))}


def noted(connection: sqlite3.Connection, run_id: int, place: str, text: str, now: float) -> str:
    """The run's notes as they will be kept when the one at `place` says `text`; raises `StorageError`."""
    if len(text) > LONGEST_NOTE:
        raise StorageError(f"A note of {len(text):,} letters is too long.", f"Use up to {LONGEST_NOTE:,}.")
    kept = connection.execute("SELECT cell_notes FROM run WHERE id = ?", (run_id,)).fetchone()[0]
    notes = {key: {"text": note.text, "time": note.time} for key, note in _notes(kept).items() if key != place}
    return encode(notes | ({place: {"text": text, "time": now}} if text else {}))
