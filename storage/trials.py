"""Trials of a search: `TrialCompleted` as one row, and back."""

from __future__ import annotations

import json
import sqlite3

from engine.events import TrialCompleted
from storage.results import plain


def write(connection: sqlite3.Connection, run_id: int, trial: TrialCompleted, time: float) -> None:
    """Insert one trial, or replace the one of that number. Belongs inside a transaction."""
    params = json.dumps(dict(trial.values), default=plain)
    scores = json.dumps([float(score) for score in trial.scores])
    connection.execute(
        "INSERT INTO trial(run_id, number, params, scores, state, seconds, time) VALUES(?,?,?,?,?,?,?)"
        " ON CONFLICT(run_id, number) DO UPDATE SET params=excluded.params, scores=excluded.scores,"
        " state=excluded.state, seconds=excluded.seconds, time=excluded.time",
        (run_id, int(trial.number), params, scores, trial.state, float(trial.seconds), time),
    )


def read(connection: sqlite3.Connection, run_id: int) -> list[TrialCompleted]:
    """Every trial of a run by number."""
    query = "SELECT number, params, scores, state, seconds FROM trial WHERE run_id = ? ORDER BY number"
    return [_trial(row) for row in connection.execute(query, (run_id,))]


def _trial(row: sqlite3.Row) -> TrialCompleted:
    scores = tuple(json.loads(row["scores"]))
    return TrialCompleted(row["number"], json.loads(row["params"]), scores, row["state"], row["seconds"])
