"""What can be taken back: renaming, notes, stars and deletion, kept in the database so that it outlives the window.

A change is one column with the values of every run and every study it touches, before and after. All functions belong
inside a transaction of the caller.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

COLUMNS = {
    "run": frozenset({"name", "note", "starred", "deleted_at"}),
    "study": frozenset({"title", "note", "spec", "deleted_at"}),
}
KEPT = 500  # changes that can be taken back
_IDS_AT_ONCE = 500  # below SQLite's limit of variables on old builds

Values = Mapping[int, Any]
NONE: Values = {}


def change(
    connection: sqlite3.Connection, label: str, column: str, wanted: Values, now: float, studies: Values = NONE
) -> bool:
    """Set `column` of each run and of each study to its wanted value and remember the old ones; False if none differs.

    wanted: by run id. studies: by study id, for a change that is about studies.
    """
    old = _current(connection, column, list(wanted)) if wanted else {}
    differing = {run_id: wanted[run_id] for run_id, value in old.items() if value != wanted[run_id]}
    old_studies = _current(connection, column, list(studies), "study") if studies else {}
    differing_studies = {key: studies[key] for key, value in old_studies.items() if value != studies[key]}
    if not differing and not differing_studies:
        return False
    _write(connection, column, differing)
    _write(connection, column, differing_studies, "study")
    before = {run_id: old[run_id] for run_id in differing}
    before_studies = {key: old_studies[key] for key in differing_studies}
    _remember(connection, label, now, _encode(column, differing, differing_studies),
              _encode(column, before, before_studies))  # fmt: skip
    return True


def _remember(connection: sqlite3.Connection, label: str, now: float, forward: str, inverse: str) -> None:
    connection.execute("DELETE FROM undo WHERE undone = 1")
    connection.execute(
        "INSERT INTO undo(time, label, forward, inverse) VALUES(?,?,?,?)", (now, label, forward, inverse)
    )
    connection.execute("DELETE FROM undo WHERE id <= (SELECT max(id) FROM undo) - ?", (KEPT,))


def undo(connection: sqlite3.Connection) -> str | None:
    """Take back the latest change; returns its label, or None when there is none."""
    return _move(connection, "SELECT id, label, inverse FROM undo WHERE undone = 0 ORDER BY id DESC LIMIT 1", 1)


def redo(connection: sqlite3.Connection) -> str | None:
    """Make the change that was taken back last again; returns its label or None."""
    return _move(connection, "SELECT id, label, forward FROM undo WHERE undone = 1 ORDER BY id LIMIT 1", 0)


def label(connection: sqlite3.Connection, undone: bool) -> str | None:
    """What `redo` (undone=True) or `undo` would say."""
    row = connection.execute(
        f"SELECT label FROM undo WHERE undone = ? ORDER BY id {'ASC' if undone else 'DESC'} LIMIT 1", (int(undone),)
    ).fetchone()
    return row and row["label"]


def forget(connection: sqlite3.Connection, run_ids: Sequence[int]) -> None:
    """Remove purged runs from the changes, and the changes that are left without a run."""
    gone = {str(run_id) for run_id in run_ids}
    for row in connection.execute("SELECT id, forward, inverse FROM undo").fetchall():
        changes = [json.loads(row["forward"]), json.loads(row["inverse"])]
        if gone.isdisjoint(changes[0]["values"]):
            continue
        for one in changes:
            one["values"] = {run_id: value for run_id, value in one["values"].items() if run_id not in gone}
        if changes[0]["values"] or changes[0].get("studies"):
            texts = [json.dumps(one) for one in changes]
            connection.execute("UPDATE undo SET forward = ?, inverse = ? WHERE id = ?", (*texts, row["id"]))
        else:
            connection.execute("DELETE FROM undo WHERE id = ?", (row["id"],))


def _move(connection: sqlite3.Connection, query: str, undone: int) -> str | None:
    row = connection.execute(query).fetchone()
    if row is None:
        return None
    change_id, label, text = row
    decoded = json.loads(text)
    for key, table in (("values", "run"), ("studies", "study")):
        values = {int(row_id): value for row_id, value in decoded.get(key, {}).items()}
        _write(connection, decoded["column"], values, table)
    connection.execute("UPDATE undo SET undone = ? WHERE id = ?", (undone, change_id))
    return label


def _encode(column: str, values: Values, studies: Values) -> str:
    return json.dumps({"column": column, "values": values} | ({"studies": studies} if studies else {}))


def _current(connection: sqlite3.Connection, column: str, ids: list[int], table: str = "run") -> dict[int, Any]:
    found: dict[int, Any] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        part = ids[start : start + _IDS_AT_ONCE]
        marks = ",".join("?" * len(part))
        query = f"SELECT id, {_checked(column, table)} FROM {table} WHERE id IN ({marks})"
        found.update(connection.execute(query, part).fetchall())
    return found


def _write(connection: sqlite3.Connection, column: str, values: Values, table: str = "run") -> None:
    if values:
        pairs = [(value, row_id) for row_id, value in values.items()]
        connection.executemany(f"UPDATE {table} SET {_checked(column, table)} = ? WHERE id = ?", pairs)


def _checked(column: str, table: str) -> str:
    if column not in COLUMNS[table]:
        raise ValueError(f"{column!r} is not a column that can be changed with undo")
    return column
