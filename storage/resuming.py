"""What the database has of a run beyond the place that the run goes on from is cut off; what came before stays.

The note is written into the resume file together with the state of the training, after everything that it counts was
saved, so that both always speak of the same moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import StorageError
from storage.curves import CHUNK, OpenCurve, points, write

_COUNTED = ("result", "message")  # tables whose rows come in the order in which they were said


def place(
    connection: sqlite3.Connection, run_id: int, curves: Mapping[str, OpenCurve], started: float, seconds: float
) -> dict[str, Any]:
    """How far the saved run is: points of each metric, rows of the other tables, and its clock."""
    counts = {table: _count(connection, table, run_id) for table in (*_COUNTED, "trial")}
    lengths = {name: curve.n for name, curve in curves.items()}
    return {"points": lengths, "started": started, "seconds": seconds, **counts}


def _count(connection: sqlite3.Connection, table: str, run_id: int) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table} WHERE run_id = ?", (run_id,)).fetchone()[0])


def cut(connection: sqlite3.Connection, run_id: int, kept: Mapping[str, Any]) -> dict[str, OpenCurve]:
    """Cut the run down to its note; returns its curves as they are open again. Belongs inside a transaction.

    Raises `StorageError` when less is saved than was noted, as after a copy of an older database was put back.
    """
    for table in _COUNTED:
        connection.execute(
            f"DELETE FROM {table} WHERE id IN"
            f" (SELECT id FROM {table} WHERE run_id = ? ORDER BY id LIMIT -1 OFFSET ?)",
            (run_id, int(kept[table])),
        )  # fmt: skip
    connection.execute("DELETE FROM trial WHERE run_id = ? AND number >= ?", (run_id, int(kept["trial"])))
    metrics = connection.execute(
        "SELECT id, name FROM metric WHERE id IN (SELECT metric_id FROM summary WHERE run_id = ?)", (run_id,)
    ).fetchall()
    lengths = {name: int(length) for name, length in kept["points"].items()}
    if missing := {name for name, length in lengths.items() if length} - {name for _, name in metrics}:
        raise _too_short(missing.pop())
    return {
        name: curve
        for metric, name in metrics
        if (curve := _cut_curve(connection, run_id, metric, name, lengths.get(name, 0))) is not None
    }


def _cut_curve(connection: sqlite3.Connection, run_id: int, metric: int, name: str, length: int) -> OpenCurve | None:
    steps, times, values = points(connection, run_id, metric)
    if len(values) < length:
        raise _too_short(name)
    key = (run_id, metric)
    first = max(0, length - 1) // CHUNK if length else 0
    connection.execute("DELETE FROM chunk WHERE run_id = ? AND metric_id = ? AND seq >= ?", (*key, first))
    if not length:
        connection.execute("DELETE FROM summary WHERE run_id = ? AND metric_id = ?", key)
        return None
    curve = _reopened(first, steps[:length], times[:length], values[:length])
    write(connection, run_id, metric, curve)
    curve.dirty = False
    return curve


def _reopened(first: int, steps: np.ndarray, times: np.ndarray, values: np.ndarray) -> OpenCurve:
    """The curve as it was when its last point had been added: summed up, with its last chunk still open."""
    curve = OpenCurve()
    curve.extend(steps.tolist(), times.tolist(), values.tolist())
    curve.summary()
    curve.seq = first
    del curve.steps[: first * CHUNK], curve.times[: first * CHUNK], curve.values[: first * CHUNK]
    return curve


def _too_short(metric: str) -> StorageError:
    return StorageError(
        f"The saved curve {metric} ends before the place that this run was to go on from.",
        "Run it again from the start.",
    )
