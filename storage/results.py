"""Final figures (`Evaluated`, one row each with its predictions as blobs) and trials of a search, as rows and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from engine import metrics
from engine.events import Evaluated, TrialCompleted
from storage.rows import number

FIGURE = ("metric", "value", "low", "high", "n", "unit", "at", "conditions", "notes")  # columns
_BLOBS = {
    "ids": ("<i8", np.int64),
    "truth": ("<i2", np.int16),
    "predicted": ("<i2", np.int16),
    "scores": ("<f8", np.float64),
    "hardness": ("<f8", np.float64),
}


def plain(value: object) -> object:
    """For json.dumps: NumPy numbers and arrays as Python's, anything else as text."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def write(result: Evaluated, connection: sqlite3.Connection, run_id: int, time: float) -> None:
    """Insert one final figure. Belongs inside a transaction."""
    blobs = [_pack(getattr(result, name), stored) for name, (stored, _) in _BLOBS.items()]
    connection.execute(
        "INSERT INTO result(run_id, time, metric, value, low, high, n, unit, at, conditions, notes, class_names,"
        " ids, truth, predicted, scores, hardness) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            *(run_id, time, result.metric, float(result.value), float(result.low), float(result.high)),
            *(int(result.n), result.unit, *map(_json, (result.at, result.conditions, result.notes))),
            *(json.dumps(list(result.class_names)), *blobs),
        ),
    )


def _json(words: Mapping[str, Any]) -> str:
    return json.dumps(dict(words), default=plain)


def read(connection: sqlite3.Connection, run_id: int) -> list[Evaluated]:
    """Every final figure of a run in the order they were made."""
    rows = connection.execute("SELECT * FROM result WHERE run_id = ? ORDER BY id", (run_id,))
    return [_evaluated(row) for row in rows]


def _evaluated(row: sqlite3.Row) -> Evaluated:
    arrays: dict[str, Any] = {name: _unpack(row[name], stored, kind) for name, (stored, kind) in _BLOBS.items()}
    names = tuple(json.loads(row["class_names"]))
    return replace(figure(*(row[name] for name in FIGURE)), class_names=names, **arrays)


def figure(
    metric: str, value: float | None, low: float | None, high: float | None, n: int, unit: str, *words: str
) -> Evaluated:
    """The figure of the columns `FIGURE` without its predictions. A value that is not a number was stored as NULL and
    is NaN again; intervals of accuracies that older programs let end beyond 0 and 1 end there."""
    value, low, high = map(number, (value, low, high))
    least, most = metrics.of(metric).limits
    low, high = max(low, least), min(high, most)  # NaN stays
    at, conditions, notes = map(dict, json.loads(f"[{','.join(words)}]"))  # one call: lists have 1,000 runs
    return Evaluated(metric, value, low, high, n, unit, at, conditions, notes)


def _pack(array: np.ndarray | None, stored: str) -> bytes | None:
    return None if array is None else np.asarray(array).astype(stored).tobytes()


def _unpack(blob: bytes | None, stored: str, kind: type) -> np.ndarray | None:
    return None if blob is None else np.frombuffer(blob, stored).astype(kind)


def write_trial(trial: TrialCompleted, connection: sqlite3.Connection, run_id: int, time: float) -> None:
    """Insert one trial, or replace the one of that number. Belongs inside a transaction."""
    scores = json.dumps([float(score) for score in trial.scores])
    connection.execute(
        "INSERT INTO trial(run_id, number, params, scores, state, seconds, time) VALUES(?,?,?,?,?,?,?)"
        " ON CONFLICT(run_id, number) DO UPDATE SET params=excluded.params, scores=excluded.scores,"
        " state=excluded.state, seconds=excluded.seconds, time=excluded.time",
        (run_id, int(trial.number), _json(trial.values), scores, trial.state, float(trial.seconds), time),
    )


def read_trials(connection: sqlite3.Connection, run_id: int) -> list[TrialCompleted]:
    """Every trial of a run by number."""
    query = "SELECT number, params, scores, state, seconds FROM trial WHERE run_id = ? ORDER BY number"
    return [
        TrialCompleted(number, json.loads(params), tuple(json.loads(scores)), state, seconds)
        for number, params, scores, state, seconds in connection.execute(query, (run_id,))
    ]
