"""Curves as packed chunks: what is still open in memory, how chunks are written and read, and cut to go on from.

A chunk holds up to `CHUNK` points of one metric of one run. Only the last one grows: it is written again at each flush
until it is full. Loading is then one read per chunk instead of one per point.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from engine.errors import StorageError
from storage.rows import Curve

CHUNK = 256
_value = itemgetter(0)

_UPSERT_CHUNK = """
INSERT INTO chunk(run_id, metric_id, seq, n, step0, stride, steps, ts, vals) VALUES(?,?,?,?,?,?,?,?,?)
ON CONFLICT DO UPDATE SET n=excluded.n, step0=excluded.step0, stride=excluded.stride, steps=excluded.steps,
  ts=excluded.ts, vals=excluded.vals"""

_UPSERT_SUMMARY = """
INSERT INTO summary(run_id, metric_id, n, last, last_step, min, min_step, max, max_step) VALUES(?,?,?,?,?,?,?,?,?)
ON CONFLICT DO UPDATE SET n=excluded.n, last=excluded.last, last_step=excluded.last_step, min=excluded.min,
  min_step=excluded.min_step, max=excluded.max, max_step=excluded.max_step"""


class PackedChunk(NamedTuple):
    """One row of the table `chunk` without its run and metric. steps is None when they are regular."""

    seq: int
    n: int
    step0: int
    stride: int | None
    steps: bytes | None
    ts: bytes
    vals: bytes


class OpenCurve:
    """One metric of a run that is being recorded: the points that the database may not have yet, and the summary."""

    def __init__(self) -> None:
        self.seq = 0
        self.steps: list[int] = []
        self.times: list[float] = []
        self.values: list[float] = []
        self.fresh = 0  # points at the end that are in no summary yet
        self.n = 0
        self.dirty = False
        self.low: tuple[float, int] | None = None
        self.high: tuple[float, int] | None = None

    def extend(self, steps: list[int], times: list[float], values: list[float]) -> None:
        """Append points, the lists being equally long; NaN is kept but is neither best nor worst."""
        self.steps += map(int, steps)
        self.times += times
        self.values += map(float, values)
        self.fresh += len(values)
        self.dirty = True

    def chunks(self) -> Iterator[PackedChunk]:
        """The chunks to write, full ones first, the growing one last."""
        for number, start in enumerate(range(0, len(self.values), CHUNK)):
            part = slice(start, start + CHUNK)
            yield pack(self.seq + number, self.steps[part], self.times[part], self.values[part])

    def summary(self) -> tuple[int, float, int, float | None, int | None, float | None, int | None]:
        """n, last, last step, min, its step, max, its step; SQLite stores NaN as NULL."""
        self._sum_up()
        return (self.n, self.values[-1], self.steps[-1], *(self.low or (None, None)), *(self.high or (None, None)))

    def _sum_up(self) -> None:
        """Let the fresh points into the summary; the first of equal values is the best one. A look before the first
        step is of weights that have learnt nothing yet: it is neither best nor worst."""
        start = len(self.values) - self.fresh
        self.n += self.fresh
        self.fresh = 0
        fresh = zip(self.values[start:], self.steps[start:], strict=True)
        pairs = [(value, step) for value, step in fresh if value == value and step > 0]
        if pairs:
            low, high = min(pairs, key=_value), max(pairs, key=_value)
            self.low = low if self.low is None or low[0] < self.low[0] else self.low
            self.high = high if self.high is None or high[0] > self.high[0] else self.high

    def saved(self) -> None:
        """Forget the full chunks that are in the database now; keeps at least the last point for the summary."""
        full = (len(self.values) - 1) // CHUNK
        if full > 0:
            self.seq += full
            del self.steps[: full * CHUNK], self.times[: full * CHUNK], self.values[: full * CHUNK]
        self.dirty = False


def pack(seq: int, steps: list[int], times: list[float], values: list[float]) -> PackedChunk:
    """Little-endian bytes; steps that rise evenly are kept as first step and stride only. Most chunks are short and
    written often: an array of NumPy's for each costs more than its bytes."""
    n, first = len(values), steps[0]
    stride = steps[1] - first if n > 1 else 1
    regular = steps == (list(range(first, first + n * stride, stride)) if stride else [first] * n)
    return PackedChunk(
        seq, n, first, stride if regular else None, None if regular else struct.pack(f"<{n}q", *steps),
        struct.pack(f"<{n}d", *times), struct.pack(f"<{n}d", *values),
    )  # fmt: skip


def write(connection: sqlite3.Connection, run_id: int, curves: Mapping[int, OpenCurve]) -> None:
    """Upsert the open chunks and the summaries of metrics, by their ids. Belongs inside a transaction."""
    chunks = [(run_id, metric_id, *chunk) for metric_id, curve in curves.items() for chunk in curve.chunks()]
    connection.executemany(_UPSERT_CHUNK, chunks)
    summaries = [(run_id, metric_id, *curve.summary()) for metric_id, curve in curves.items()]
    connection.executemany(_UPSERT_SUMMARY, summaries)


def read(connection: sqlite3.Connection, run_id: int, metric: str, started: float) -> Curve:
    """The whole curve, every point; times are counted from `started`. Empty for a metric the run does not have."""
    found = connection.execute("SELECT id FROM metric WHERE name = ?", (metric,)).fetchone()
    steps, times, values = points(connection, run_id, -1 if found is None else found["id"])
    times -= started
    return Curve(steps, times, values)


_OF_METRIC = "FROM chunk WHERE run_id = ? AND metric_id = ?"


def points(connection: sqlite3.Connection, run_id: int, metric_id: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, times (seconds since 1970) and values of one metric of a run; raises `ValueError` of a damaged chunk.

    Each chunk is put in its place as it comes: ten million points take the memory of the arrays and no more.
    """
    key = (run_id, metric_id)
    size = connection.execute(f"SELECT coalesce(sum(length(vals)), 0) {_OF_METRIC}", key).fetchone()[0] // 8
    steps, times, values = np.empty(size, "<i8"), np.empty(size, "<f8"), np.empty(size, "<f8")
    into_times, into_values = times.view(np.uint8).data, values.view(np.uint8).data
    chunks, end = connection.execute(f"SELECT step0, n, stride, steps, ts, vals {_OF_METRIC} ORDER BY seq", key), 0
    for first, n, stride, packed, ts, vals in chunks:
        start, end = end, end + n
        into_times[8 * start : 8 * end] = ts
        into_values[8 * start : 8 * end] = vals
        steps[start:end] = _steps(first, n, stride, packed)
    return steps, times, values


def _steps(first: int, n: int, stride: int | None, packed: bytes | None) -> np.ndarray:
    found = np.frombuffer(packed or b"", "<i8") if stride is None else first + stride * np.arange(n, dtype=np.int64)
    if len(found) != n:
        raise ValueError(f"{len(found)} steps of {n} points")
    return found


# Going on: what the database has of a run beyond the place that the run goes on from is cut off. The note of that place
# is written into the resume file with the state of the training, after everything it counts was saved, so that both
# always speak of the same moment.

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


def reopened(connection: sqlite3.Connection, run_id: int) -> dict[str, OpenCurve]:
    """All that is saved of a run as it is open again, to be gone on with. Belongs inside a transaction."""
    saved = connection.execute(
        "SELECT name, n FROM summary JOIN metric ON metric.id = metric_id WHERE run_id = ?", (run_id,)
    ).fetchall()
    counts = {table: _count(connection, table, run_id) for table in (*_COUNTED, "trial")}
    numbers = [int(row[0]) for row in connection.execute("SELECT number FROM trial WHERE run_id = ?", (run_id,))]
    return cut(connection, run_id, {"points": dict(saved), **counts, "trial": max(numbers, default=-1) + 1})


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
    write(connection, run_id, {metric: curve})
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
