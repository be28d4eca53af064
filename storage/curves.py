"""Curves as packed chunks: what is still open in memory, and how chunks are written and read.

A chunk holds up to `CHUNK` points of one metric of one run. Only the last one grows: it is written again at each flush
until it is full. Loading is then one read per chunk instead of one per point.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

import numpy as np

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
        """Let the fresh points into the summary; the first of equal values is the best one."""
        start = len(self.values) - self.fresh
        self.n += self.fresh
        self.fresh = 0
        pairs = [pair for pair in zip(self.values[start:], self.steps[start:], strict=True) if pair[0] == pair[0]]
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
    """Little-endian bytes; steps that rise evenly are kept as first step and stride only."""
    array = np.asarray(steps, "<i8")
    strides = np.diff(array)
    regular = len(strides) == 0 or bool((strides == strides[0]).all())
    return PackedChunk(
        seq,
        len(values),
        steps[0],
        (int(strides[0]) if len(strides) else 1) if regular else None,
        None if regular else array.tobytes(),
        np.asarray(times, "<f8").tobytes(),
        np.asarray(values, "<f8").tobytes(),
    )


def write(connection: sqlite3.Connection, run_id: int, metric_id: int, curve: OpenCurve) -> None:
    """Upsert the open chunks and the summary of one metric. Belongs inside a transaction."""
    key = (run_id, metric_id)
    connection.executemany(_UPSERT_CHUNK, [key + chunk for chunk in curve.chunks()])
    connection.execute(_UPSERT_SUMMARY, key + curve.summary())


def read(connection: sqlite3.Connection, run_id: int, metric: str, started: float) -> Curve:
    """The whole curve, every point; times are counted from `started`. Empty for a metric the run does not have."""
    found = connection.execute("SELECT id FROM metric WHERE name = ?", (metric,)).fetchone()
    steps, times, values = points(connection, run_id, -1 if found is None else found["id"])
    if not len(steps) == len(times) == len(values):
        raise ValueError(f"the curve {metric} has {len(values)} values at {len(steps)} steps")
    return Curve(steps, times - started, values)


def points(connection: sqlite3.Connection, run_id: int, metric_id: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, times (seconds since 1970) and values of one metric of a run."""
    rows = connection.execute(
        "SELECT step0, n, stride, steps, ts, vals FROM chunk WHERE run_id = ? AND metric_id = ? ORDER BY seq",
        (run_id, metric_id),
    ).fetchall()
    times = np.frombuffer(b"".join([row["ts"] for row in rows]), "<f8")
    values = np.frombuffer(bytearray(b"".join([row["vals"] for row in rows])), "<f8")
    return _steps(rows), times, values


def _steps(rows: list[sqlite3.Row]) -> np.ndarray:
    parts = [
        np.frombuffer(steps, "<i8") if stride is None else step0 + stride * np.arange(n, dtype=np.int64)
        for step0, n, stride, steps, _, _ in rows
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
