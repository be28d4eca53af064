"""What lists show of every run and study as one number each: tells which of them somebody else has changed.

What a run at work adds (steps, points, signs of life) is left out: it would be news four times a second.
"""

from __future__ import annotations

import sqlite3

_RUNS = (
    "SELECT id, uid, name, state, note, starred, deleted_at, tags, archived, cell_notes, plan, study_id, cell FROM run"
)
_REST = ("SELECT id, uid, title, spec, note, deleted_at FROM study", "SELECT id, page, name, spec FROM saved_view")

Looks = dict[int, int]  # run id -> hash of what is shown; 0 stands for studies and views


def read_looks(connection: sqlite3.Connection) -> Looks:
    cursor = connection.cursor()
    cursor.row_factory = None
    found = {row[0]: hash(row) for row in cursor.execute(_RUNS)}
    found[0] = hash(tuple(row for query in _REST for row in cursor.execute(query)))
    return found


def differing(before: Looks, after: Looks) -> frozenset[int] | None:
    """The runs that look different; empty where any came or went, or a study changed; None where nothing did."""
    if before == after:
        return None
    if before.keys() != after.keys() or before[0] != after[0]:
        return frozenset()
    return frozenset(run_id for run_id, look in after.items() if look != before[run_id])
