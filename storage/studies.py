"""Saved studies: their text, which of their cells have a finished run, and what those runs found."""

from __future__ import annotations

import json
import math
import secrets
import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from engine import metrics
from engine.errors import StorageError
from engine.events import LIVE_STATES
from storage import history, presence, reading
from storage.connection import snapshot, writing
from storage.rows import CellRun, Failure, StudyRow, moment, number, question, state_named
from storage.workspace import Workspace

JUST_BEGUN = 60.0  # seconds
_STUDY = "SELECT id, uid, title, spec, created, note, deleted_at FROM study"
_FINISHED = (
    "SELECT study_id, cell FROM run WHERE study_id IS NOT NULL AND state = 'finished' AND deleted_at IS NULL"
    " GROUP BY study_id, cell"
)
_RUNS = """
SELECT id, uid, name, cell, state, coalesce(seconds, ended - started),
  failure_kind, failure_message, failure_advice, failure_traceback
FROM run WHERE study_id = ? AND deleted_at IS NULL ORDER BY id"""
_TESTS = """
SELECT run_id, metric, at, value FROM result JOIN run ON run.id = run_id
WHERE study_id = ? AND deleted_at IS NULL ORDER BY result.id"""


class StudyMethods:
    """What `RunStore` can do about studies; the spec is JSON that `engine/studies/study.py` reads."""

    _connection: sqlite3.Connection
    workspace: Workspace

    def create_study(self, title: str, spec: str) -> StudyRow:
        """Save a new study."""
        with writing(self._connection) as connection:
            return _insert(connection, title, spec)

    def begin_study(self, title: str, spec: str) -> tuple[StudyRow, bool]:
        """Save a new study; or, where another process has just begun the same or works on it, on whatever device, that
        one and True."""
        with writing(self._connection) as connection:
            for row in _rows(connection, "deleted_at IS NULL AND title = ?", (title.strip(),)):
                if row.question == question(spec) and _is_at_work(connection, row, self.workspace):
                    return row, True
            return _insert(connection, title, spec), False

    def studies(self) -> list[StudyRow]:
        """The visible studies, newest first, each with its finished cells."""
        with snapshot(self._connection) as connection:
            return _rows(connection, "deleted_at IS NULL")

    def study(self, key: int | str) -> StudyRow:
        """One study by its number, uid, beginning of its uid, or title (the newest so called)."""
        with snapshot(self._connection) as connection:
            return _one(connection, reading.find(connection, key, "study"))

    def study_runs(self, study_id: int) -> list[CellRun]:
        """Every visible run of a study in the order they were made, with its figures."""
        with snapshot(self._connection) as connection:
            tests: dict[int, dict[str, float]] = defaultdict(dict)
            for run_id, metric, at, value in connection.execute(_TESTS, (study_id,)):
                tests[run_id].setdefault(metrics.named(metric, json.loads(at)), number(value))
            rows = [tuple(row) for row in connection.execute(_RUNS, (study_id,))]
            curves = reading.summaries(connection, [row[0] for row in rows])
            return [_cell_run(row, tests[row[0]], *curves[row[0]]) for row in rows]

    def rename_study(self, study_id: int, title: str) -> None:
        """Give a study another title, which may not be empty."""
        if not title.strip():
            raise StorageError("A study needs a title.", "Type at least one letter.")
        self._change_study(study_id, "Rename", "title", title.strip())

    def note_study(self, study_id: int, text: str) -> None:
        """Replace a study's note."""
        self._change_study(study_id, "Change the note of", "note", text)

    def change_study(self, study_id: int, spec: str) -> None:
        """Give a study another text; runs whose cells it no longer has are kept."""
        self._change_study(study_id, "Change", "spec", spec)

    def _change_study(self, study_id: int, word: str, column: str, value: str) -> None:
        with writing(self._connection) as connection:
            title = _one(connection, study_id).title
            label = f"{word} “{title}”"
            history.change(connection, self.workspace.presence, label, column, {}, time.time(), {study_id: value})

    def delete_study(self, study_id: int) -> None:
        """Hide a study with its runs, which are kept; refused while one of them waits or works."""
        now = time.time()
        with writing(self._connection) as connection:
            title = _one(connection, study_id).title
            found = connection.execute(
                "SELECT id, state FROM run WHERE study_id = ? AND deleted_at IS NULL", (study_id,)
            ).fetchall()
            if any(state_named(row["state"]) in LIVE_STATES for row in found):
                raise StorageError(f"“{title}” is still at work.", "Stop it first.")
            runs = {row["id"]: now for row in found}
            label = f"Delete “{title}”" + (f" with {len(runs)} runs" if runs else "")
            history.change(connection, self.workspace.presence, label, "deleted_at", runs, now, {study_id: now})


def _insert(connection: sqlite3.Connection, title: str, spec: str) -> StudyRow:
    uid = secrets.choice("abcdefghijklmnopqrstuvwxyz") + secrets.token_hex(4)[1:]
    made = connection.execute(
        "INSERT INTO study(uid, title, spec, created) VALUES(?,?,?,?)", (uid, title.strip(), spec, time.time())
    )
    return _one(connection, int(made.lastrowid or 0))


def _is_at_work(connection: sqlite3.Connection, row: StudyRow, workspace: Workspace) -> bool:
    """Whether another process works on the study, or has made it so lately that its first run is still to come."""
    runs = connection.execute("SELECT state, owner FROM run WHERE study_id = ?", (row.id,)).fetchall()
    owners = {run["owner"] for run in runs if state_named(run["state"]) in LIVE_STATES}
    if not runs:
        return time.time() - row.created < JUST_BEGUN
    mine = presence.token(workspace.presence)
    return any(owner != mine and presence.is_alive(workspace.presence, owner) for owner in owners)


def _rows(connection: sqlite3.Connection, where: str, values: tuple[int | str, ...] = ()) -> list[StudyRow]:
    finished: dict[int, set[str]] = defaultdict(set)
    for study_id, cell in connection.execute(_FINISHED):
        finished[study_id].add(cell)
    found = connection.execute(f"{_STUDY} WHERE {where} ORDER BY created DESC, id DESC", values).fetchall()
    times = [{"created": moment(row["created"]), "deleted_at": moment(row["deleted_at"])} for row in found]
    return [
        StudyRow(finished=frozenset(finished[row["id"]]), **{**dict(row), **time_of})
        for row, time_of in zip(found, times, strict=True)
    ]


def _one(connection: sqlite3.Connection, study_id: int) -> StudyRow:
    found = _rows(connection, "id = ?", (study_id,))
    if not found:
        raise StorageError(f"There is no study {study_id}.", "“study list” shows them.")
    return found[0]


def _cell_run(row: tuple[Any, ...], tests: Mapping[str, float], best: reading.Best, last: reading.Last) -> CellRun:
    run_id, uid, name, cell, state, seconds, *failure = row
    watched = metrics.watched(last, next(iter(tests), ""))
    return CellRun(
        run_id, uid, name, cell, state_named(state), number(seconds), best.get(watched, (math.nan,))[0],
        last.get(watched, math.nan), dict(tests), None if failure[0] is None else Failure(*failure), watched,
    )  # fmt: skip
