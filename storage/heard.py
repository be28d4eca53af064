"""How much is saved of runs that are worked elsewhere, and with what they are gone on with."""

from __future__ import annotations

import json
import sqlite3

from engine.events import MACHINE, Heard, RunStarted
from storage import curves
from storage.connection import snapshot, writing


class HeardMethods:
    """What `RunStore` knows of runs that come from elsewhere. All raise `StorageError`."""

    _connection: sqlite3.Connection

    def reopened(self, run_id: int) -> tuple[dict[str, curves.OpenCurve], float | None]:
        """The curves of a run of which more comes from elsewhere, and when it began. Raises `StorageError`."""
        with writing(self._connection) as connection:
            started = connection.execute("SELECT started FROM run WHERE id = ?", (run_id,)).fetchone()
            return curves.reopened(connection, run_id), started and started[0]

    def heard(self, run_id: int) -> Heard | None:
        """The last that is saved of a run that is worked elsewhere; None of one that was worked here."""
        with snapshot(self._connection) as connection:
            row = connection.execute(
                "SELECT journal, heard, coalesce(started + seconds, started, created) FROM run WHERE id = ?", (run_id,)
            ).fetchone()
            return Heard(*row) if row and row[0] else None

    def took_elsewhere(self, group: str) -> tuple[float, str] | None:
        """(seconds of training, the machine) of the newest finished run with this `group_hash` that was worked
        elsewhere; None where there is none."""
        query = (
            "SELECT seconds, facts FROM run WHERE group_hash = ? AND journal <> '' AND state = 'finished'"
            " AND seconds IS NOT NULL AND deleted_at IS NULL ORDER BY id DESC LIMIT 1"
        )
        with snapshot(self._connection) as connection:
            row = connection.execute(query, (group,)).fetchone()
        return None if row is None else (float(row[0]), str(json.loads(row[1]).get(MACHINE, "")))

    def began(self, run_id: int) -> RunStarted | None:
        """What is saved of the start of a run of which more may come from elsewhere, and for how long it has been
        trained; None where it has not begun."""
        query = "SELECT * FROM run WHERE id = ? AND facts <> '{}' AND seconds IS NOT NULL"
        with snapshot(self._connection) as connection:
            row = connection.execute(query, (run_id,)).fetchone()
        if row is None:
            return None
        note = {"started": row["started"], "seconds": row["seconds"]}
        steps = row["total_steps"], row["steps_per_epoch"], row["examples_per_step"]
        return RunStarted(*steps, json.loads(row["facts"]), step=row["step"], note=note)
