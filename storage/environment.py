"""What a run was made with: code, Python, packages, machine. One row per distinct environment, shared by many runs."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any


def save(connection: sqlite3.Connection, run_id: int, environment: Mapping[str, Any]) -> None:
    """The run is made with this from now on: that of its last start, on whatever machine. Belongs inside a
    transaction."""
    parts = (environment["python"], *(json.dumps(dict(environment[part])) for part in ("packages", "hardware")))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    connection.execute(
        "INSERT INTO env(hash, python, packages, hardware) VALUES(?,?,?,?) ON CONFLICT(hash) DO NOTHING",
        (digest, *parts),
    )
    connection.execute("UPDATE run SET env_id = (SELECT id FROM env WHERE hash = ?) WHERE id = ?", (digest, run_id))


def read(connection: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    """{"python": …, "packages": {…}, "hardware": {…}} of a run; empty where it is not known or damaged."""
    row = connection.execute(
        "SELECT python, packages, hardware FROM env JOIN run ON run.env_id = env.id WHERE run.id = ?", (run_id,)
    ).fetchone()
    try:
        packages, hardware = (json.loads(row[part]) for part in ("packages", "hardware")) if row else ({}, {})
    except (ValueError, TypeError):
        return {}
    known = isinstance(packages, dict) and isinstance(hardware, dict) and row is not None
    return {"python": row["python"], "packages": packages, "hardware": hardware} if known else {}
