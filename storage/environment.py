"""What a run was made with: Python, packages and machine. One row per distinct environment, shared by many runs."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sqlite3
from functools import lru_cache
from importlib import metadata
from typing import Any

PACKAGES = ("warmstart", "torch", "torchvision", "numpy", "pillow", "scikit-learn", "safetensors", "pydantic")


@lru_cache(maxsize=1)
def environment() -> tuple[str, str, str, str]:
    """(hash, Python's version, packages as JSON, machine as JSON). Reads versions without importing the packages."""
    packages = json.dumps({name: version for name in PACKAGES if (version := _version(name))})
    machine = {"system": platform.system(), "machine": platform.machine(), "CPU cores": os.cpu_count()}
    parts = (platform.python_version(), packages, json.dumps(machine))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16], *parts


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def save(connection: sqlite3.Connection) -> int:
    """The id of this environment's row, written once. Belongs inside a transaction."""
    values = environment()
    connection.execute(
        "INSERT INTO env(hash, python, packages, hardware) VALUES(?,?,?,?) ON CONFLICT(hash) DO NOTHING", values
    )
    return connection.execute("SELECT id FROM env WHERE hash = ?", values[:1]).fetchone()["id"]


def read(connection: sqlite3.Connection, run_id: int) -> dict[str, Any]:
    """{"python": …, "packages": {…}, "hardware": {…}} of a run."""
    row = connection.execute(
        "SELECT python, packages, hardware FROM env JOIN run ON run.env_id = env.id WHERE run.id = ?", (run_id,)
    ).fetchone()
    if row is None:
        return {}
    return {"python": row["python"], "packages": json.loads(row["packages"]), "hardware": json.loads(row["hardware"])}
