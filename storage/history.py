"""What can be taken back: names, notes, stars, tags, the archive and deletion, kept in the database so that it outlives
the window.

A change is one column with the values of every run and every study it touches, before and after, and the process that
made it: nobody takes back what another window that is still open has done. folder: that of `presence`, which tells who
lives. All functions belong inside a transaction of the caller.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storage import presence

COLUMNS = {
    "run": frozenset({"name", "note", "starred", "deleted_at", "tags", "archived", "cell_notes"}),
    "study": frozenset({"title", "note", "spec", "deleted_at"}),
}
KEPT = 500  # changes that can be taken back
_IDS_AT_ONCE = 500  # below SQLite's limit of variables on old builds

# `owner` of a change that a damaged database holds, or of an earlier version, is nobody
_OWNER = "CASE WHEN json_valid(forward) THEN coalesce(json_extract(forward, '$.owner'), '') ELSE '' END"
_MINE = f"{_OWNER} NOT IN (SELECT value FROM json_each(?))"

Values = Mapping[int, Any]
NONE: Values = {}


def change(
    connection: sqlite3.Connection, folder: Path, label: str, column: str, wanted: Values, now: float,
    studies: Values = NONE,
) -> None:  # fmt: skip
    """Set `column` of each run and of each study to its wanted value and remember the old ones, where any differs.

    wanted: by run id. studies: by study id, for a change that is about studies.
    """
    asked = {"run": wanted, "study": studies}
    old = {table: _current(connection, column, list(values), table) for table, values in asked.items()}
    new = {
        table: {key: asked[table][key] for key in old[table] if old[table][key] != asked[table][key]} for table in asked
    }
    if not any(new.values()):
        return
    for table, values in new.items():
        _write(connection, column, values, table)
    before = {table: {key: old[table][key] for key in values} for table, values in new.items()}
    texts = _encode(column, new, presence.token(folder)), _encode(column, before)
    connection.execute(f"DELETE FROM undo WHERE undone = 1 AND {_MINE}", (_others(connection, folder),))
    connection.execute("INSERT INTO undo(time, label, forward, inverse) VALUES(?,?,?,?)", (now, label, *texts))
    connection.execute("DELETE FROM undo WHERE id <= (SELECT max(id) FROM undo) - ?", (KEPT,))


def _others(connection: sqlite3.Connection, folder: Path) -> str:
    """The other living processes that have made changes, as a JSON list."""
    owners = [row[0] for row in connection.execute(f"SELECT DISTINCT {_OWNER} FROM undo") if row[0]]
    return json.dumps([name for name in owners if name != presence.token(folder) and presence.is_alive(folder, name)])


def forget(connection: sqlite3.Connection, run_ids: Sequence[int]) -> None:
    """Remove purged runs from the changes, and the changes that are left without a run."""
    gone = {str(run_id) for run_id in run_ids}
    for row in connection.execute("SELECT id, forward, inverse FROM undo").fetchall():
        changes = [_decoded(row["forward"]), _decoded(row["inverse"])]
        if gone.isdisjoint(changes[0]["values"]):
            continue
        for one in changes:
            one["values"] = {run_id: value for run_id, value in one["values"].items() if run_id not in gone}
        if changes[0]["values"] or changes[0].get("studies"):
            texts = [json.dumps(one) for one in changes]
            connection.execute("UPDATE undo SET forward = ?, inverse = ? WHERE id = ?", (*texts, row["id"]))
        else:
            connection.execute("DELETE FROM undo WHERE id = ?", (row["id"],))


def move(connection: sqlite3.Connection, folder: Path, undone: bool) -> str | None:
    """Take back the latest change, or (undone=False) make the one that was taken back last again; returns its label, or
    None when there is none."""
    order = "DESC" if undone else "ASC"
    query = f"SELECT id, label, forward, inverse FROM undo WHERE undone = ? AND {_MINE} ORDER BY id {order} LIMIT 1"
    row = connection.execute(query, (int(not undone), _others(connection, folder))).fetchone()
    if row is None:
        return None
    texts = (row["inverse"], row["forward"]) if undone else (row["forward"], row["inverse"])
    wanted, left = map(_decoded, texts)
    for key, table in (("values", "run"), ("studies", "study")):
        values = {int(row_id): value for row_id, value in wanted[key].items()}
        now = _current(connection, wanted["column"], list(values), table)
        same = {row_id: value for row_id, value in values.items() if now.get(row_id) == left[key].get(str(row_id))}
        _write(connection, wanted["column"], same, table)  # what somebody has changed since then stays
    connection.execute("UPDATE undo SET undone = ? WHERE id = ?", (int(undone), row["id"]))
    return str(row["label"])


def _decoded(text: str) -> dict[str, Any]:
    """A change as it was encoded; of one that is damaged nothing is left."""
    nothing: dict[str, Any] = {"column": "note", "values": {}, "studies": {}}
    try:
        found = {**nothing, **json.loads(text)}
        sound = [str(int(key)) for part in ("values", "studies") for key in found[part]]
    except (ValueError, TypeError, RecursionError):
        return nothing
    tables = [table for part, table in (("values", "run"), ("studies", "study")) if found[part]]
    return found if sound and all(found["column"] in COLUMNS[table] for table in tables) else nothing


def _encode(column: str, changed: Mapping[str, Values], owner: str = "") -> str:
    named = {"studies": changed["study"], "owner": owner}
    return json.dumps(
        {"column": column, "values": changed["run"]} | {key: value for key, value in named.items() if value}
    )


def _current(connection: sqlite3.Connection, column: str, ids: list[int], table: str) -> dict[int, Any]:
    found: dict[int, Any] = {}
    for start in range(0, len(ids), _IDS_AT_ONCE):
        part = ids[start : start + _IDS_AT_ONCE]
        marks = ",".join("?" * len(part))
        query = f"SELECT id, {_checked(column, table)} FROM {table} WHERE id IN ({marks})"
        found.update(connection.execute(query, part).fetchall())
    return found


def _write(connection: sqlite3.Connection, column: str, values: Values, table: str) -> None:
    for row_id, value in values.items():
        connection.execute(f"UPDATE {table} SET {_checked(column, table)} = ? WHERE id = ?", (value, row_id))


def _checked(column: str, table: str) -> str:
    if column not in COLUMNS[table]:
        raise ValueError(f"{column!r} is not a column that can be changed with undo")
    return column
