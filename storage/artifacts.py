"""Files of a run, and what it was made with: code, Python, packages, machine, one row per distinct environment, shared
by many runs."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.errors import StorageError
from storage import formulations
from storage.rows import Artifact, moment


def read(connection: sqlite3.Connection, run_id: int) -> list[Artifact]:
    query = "SELECT kind, path, step, value, time FROM artifact WHERE run_id = ? ORDER BY id"
    rows = connection.execute(query, (run_id,))
    return [Artifact(kind, path, step, value, moment(when) or 0.0) for kind, path, step, value, when in rows]


def add(connection: sqlite3.Connection, run_id: int, part: Path, goal: Path, kind: str) -> Artifact:
    """List a file and give it its name; raises `StorageError` where the run has one of this name."""
    taken = "SELECT 1 FROM artifact WHERE run_id = ? AND lower(path) = lower(?)"
    if goal.exists() or connection.execute(taken, (run_id, goal.name)).fetchone():
        raise StorageError(f"The run has a file {goal.name} already.", "Give the file another name.")
    insert = "INSERT INTO artifact(run_id, kind, path, step, time) SELECT id, ?, ?, step, ? FROM run WHERE id = ?"
    connection.execute(insert, (kind, goal.name, time.time(), run_id))
    os.replace(part, goal)
    return read(connection, run_id)[-1]


@contextmanager
def copied(source: Path, folder: Path) -> Iterator[Path]:
    """A synced copy in this folder under a name of its own, gone afterwards unless it was given another; raises
    `StorageError`."""
    part = folder / f"{secrets.token_hex(8)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        yield part
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StorageError(
            f"The file {source.name} cannot be added to the run ({reason}).", "Check the file and the free disk space."
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def made_with(connection: sqlite3.Connection, run_id: int, given: Mapping[str, Any]) -> None:
    """The run is made with this from now on: that of its last start, on whatever machine. Belongs inside a
    transaction."""
    parts = (given["python"], *(json.dumps(dict(given[part])) for part in ("packages", "hardware")))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    connection.execute(
        "INSERT INTO env(hash, python, packages, hardware) VALUES(?,?,?,?) ON CONFLICT(hash) DO NOTHING",
        (digest, *parts),
    )
    connection.execute("UPDATE run SET env_id = (SELECT id FROM env WHERE hash = ?) WHERE id = ?", (digest, run_id))


def environment(connection: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    """{"python": …, "packages": {…}, "hardware": {…}} of a run, and what it was computed by as "formulation" where that
    was chosen; empty where it is not known or damaged."""
    columns = "python, packages, hardware, formulation"
    query = f"SELECT {columns} FROM env JOIN run ON run.env_id = env.id WHERE run.id = ?"
    row = connection.execute(query, (run_id,)).fetchone()
    try:
        packages, hardware = (json.loads(row[part]) for part in ("packages", "hardware")) if row else ({}, {})
    except (ValueError, TypeError):
        return {}
    known = isinstance(packages, dict) and isinstance(hardware, dict) and row is not None
    if not known:
        return {}
    found = {"python": row["python"], "packages": packages, "hardware": hardware}
    for chosen in formulations.heard(row["formulation"]):
        found["formulation"] = chosen.told()
    return found
