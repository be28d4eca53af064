"""What runs are computed by: written when they start, handed to the same experiment when it runs again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from engine.events import Formulation

MOST = 20  # twins that are asked, of which each machine needs one
_TWINS = """
SELECT other.formulation FROM run JOIN run AS other USING(group_hash, seed)
WHERE run.id = ?1 AND other.id <> ?1 AND other.formulation <> '' ORDER BY other.id DESC LIMIT ?2"""


def write(connection: sqlite3.Connection, run_id: int, told: Mapping[str, Any]) -> None:
    """Belongs inside a transaction."""
    connection.execute("UPDATE run SET formulation = ? WHERE id = ?", (json.dumps(dict(told)), run_id))


def wished(forced: Mapping[str, int | str]) -> str:
    """The column of a new run: what a person asked for."""
    return json.dumps(Formulation(forced, forced=tuple(forced)).told()) if forced else ""


def read(connection: sqlite3.Connection, run_id: int) -> list[Formulation]:
    """The run's own first; of its twins those that were left their choice, the newest first."""
    own = connection.execute("SELECT formulation FROM run WHERE id = ?", (run_id,)).fetchone()
    twins = connection.execute(_TWINS, (run_id, MOST)).fetchall()
    others = [one for row in twins for one in heard(row["formulation"]) if not one.forced]
    return [*(heard(own["formulation"]) if own else ()), *others]


def heard(text: str) -> list[Formulation]:
    """Nothing where nothing is written, or what is written is damaged: it can be chosen again."""
    try:
        return [Formulation.heard(json.loads(text))] if text else []
    except (ValueError, LookupError, TypeError):
        return []
