"""Rows of runs: two queries for any number of them, never a chunk; and finding one by what a person types."""

from __future__ import annotations

import json
import math
import sqlite3
from functools import lru_cache
from typing import Any

from engine.errors import InvalidExperiment, StorageError
from engine.events import RunState
from engine.experiment import Experiment, parse_experiment
from storage.results import result_row
from storage.rows import Failure, ResultRow, RunRow

# The first figure on the test split is the one a run is known by.
_RUNS = """
SELECT run.*, result.metric, result.value, result.low, result.high, result.n, result.unit, result.protocol
FROM run LEFT JOIN result ON result.id =
  (SELECT min(id) FROM result WHERE run_id = run.id AND metric LIKE 'test/%')
WHERE {where} ORDER BY run.created DESC, run.id DESC"""

_SUMMARIES = """
SELECT run_id, metric.name, goal, last, min, min_step, max, max_step
FROM summary JOIN metric ON metric.id = metric_id
WHERE run_id IN (SELECT id FROM run WHERE {where})"""


def rows(connection: sqlite3.Connection, where: str, values: tuple[Any, ...] = ()) -> list[RunRow]:
    """The runs for which `where` holds, newest first."""
    best: dict[int, dict[str, tuple[float, int]]] = {}
    last: dict[int, dict[str, float]] = {}
    for run_id, name, goal, end, low, low_step, high, high_step in connection.execute(
        _SUMMARIES.format(where=where), values
    ):
        last.setdefault(run_id, {})[name] = math.nan if end is None else end
        value, step = (low, low_step) if goal == "min" else (high, high_step)
        if value is not None:
            best.setdefault(run_id, {})[name] = (value, step)
    found = connection.execute(_RUNS.format(where=where), values).fetchall()
    return [_row(row, best.get(row["id"], {}), last.get(row["id"], {})) for row in found]


def _row(row: sqlite3.Row, best: dict[str, tuple[float, int]], last: dict[str, float]) -> RunRow:
    return RunRow(
        id=row["id"],
        uid=row["uid"],
        name=row["name"],
        state=RunState(row["state"]),
        family=row["family"],
        experiment=_experiment(row["experiment"], row["uid"]),
        group=row["group_hash"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        step=row["step"],
        total_steps=row["total_steps"],
        steps_per_epoch=row["steps_per_epoch"],
        examples_per_step=row["examples_per_step"],
        facts=json.loads(row["facts"]),
        starred=bool(row["starred"]),
        note=row["note"],
        plan=row["plan"],
        best=best,
        last=last,
        test=_test(row),
        failure=_failure(row),
        deleted_at=row["deleted_at"],
    )


def _test(row: sqlite3.Row) -> ResultRow | None:
    return None if row["metric"] is None else result_row(row)


def _failure(row: sqlite3.Row) -> Failure | None:
    if row["failure_kind"] is None:
        return None
    return Failure(*(row[f"failure_{part}"] for part in ("kind", "message", "advice", "traceback")))


@lru_cache(maxsize=8192)
def _experiment(text: str, uid: str) -> Experiment:
    try:
        return parse_experiment(json.loads(text))
    except (InvalidExperiment, ValueError) as error:
        raise StorageError(f"The settings of run {uid} cannot be read.", f"The reason: {error}") from error


def find(connection: sqlite3.Connection, key: int | str) -> int:
    """The id of the run meant by an id, a uid, the beginning of a uid, or a name (then the newest so named)."""
    text = str(key).strip()
    for where, value in _ways(text):
        found = connection.execute(f"SELECT id, uid FROM run WHERE {where} ORDER BY created DESC, id DESC", (value,))
        ids = [row["id"] for row in found]
        if len(ids) > 1 and "substr" in where:
            raise StorageError(f"“{text}” is the beginning of {len(ids)} runs.", "Give one more letter of it.")
        if ids:
            return ids[0]
    raise StorageError(f"There is no run “{text}”.", "Give its number, its short code or its exact name.")


def _ways(text: str) -> list[tuple[str, int | str]]:
    by_id: list[tuple[str, int | str]] = [("id = ?", int(text))] if text.isdecimal() and len(text) < 19 else []
    beginning = "deleted_at IS NULL AND substr(uid, 1, length(?1)) = ?1"
    by_name = "deleted_at IS NULL AND name = ?"
    rest = [("uid = ?", text), (by_name, text)]
    return [*by_id, *rest, *([(beginning, text)] if text else [])]
