"""What runs are computed by: written when they start, handed to the same experiment when it runs again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidExperiment
from engine.events import Formulation

MOST = 20  # different ones of twins, of which each machine needs one
_TWINS = """
SELECT other.formulation FROM run JOIN run AS other USING(group_hash, seed)
WHERE run.id = ?1 AND other.id <> ?1 AND other.formulation <> ''
GROUP BY other.formulation ORDER BY max(other.id) DESC LIMIT ?2"""


def write(connection: sqlite3.Connection, run_id: int, told: Mapping[str, Any]) -> None:
    """Belongs inside a transaction."""
    connection.execute("UPDATE run SET formulation = ? WHERE id = ?", (json.dumps(dict(told)), run_id))


def wished(forced: Mapping[str, int | str]) -> str:
    """The column of a new run: what a person asked for."""
    return json.dumps(Formulation(forced, forced=tuple(forced)).told()) if forced else ""


def wish(connection: sqlite3.Connection, run_id: int, forced: Mapping[str, int | str]) -> None:
    """Ask it of a run that is saved. Belongs inside a transaction; raises `InvalidExperiment` where the run began with
    something else: it goes on as it began."""
    for one in heard(connection.execute("SELECT formulation FROM run WHERE id = ?", (run_id,)).fetchone()[0]):
        for name, value in forced.items():
            if one.machine and str(one.values.get(name)) != str(value):
                began = f"with “{name}” {one.values[name]}" if name in one.values else f"without “{name}”"
                advice = "Leave --compute out, or run it again from the start."
                raise InvalidExperiment(f"Run {run_id} began {began}.", advice)
        if one.machine:
            return
    connection.execute("UPDATE run SET formulation = ? WHERE id = ?", (wished(forced), run_id))


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
