"""Which saved runs wait for their turn, who works them, and which can go on where they were cut off."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from engine.errors import RunTaken, StorageError
from engine.events import CLUSTER, LIVE_STATES, RESUMABLE, RESUME_FILE, RunState
from storage import presence, reading, saving
from storage.connection import snapshot, writing
from storage.rows import RunRow, state_named
from storage.workspace import Workspace

_LIVE = ", ".join(f"'{state.value}'" for state in sorted(LIVE_STATES))
_WAITS = "run.state = 'queued' AND run.owner IS NULL AND deleted_at IS NULL"
_ELSEWHERE = f"CASE WHEN json_valid(experiment) THEN json_extract(experiment, '$.device') = '{CLUSTER}' ELSE 0 END"


class LineMethods:
    """What `RunStore` knows of lines. A run that waits and whose program has ended is nobody's: it stays queued until
    somebody takes it. A cell of a study never waits so: its study puts it in line again."""

    _connection: sqlite3.Connection
    workspace: Workspace

    def waiting(self) -> list[RunRow]:
        """The runs that nobody works although they are in line, the oldest first."""
        with snapshot(self._connection) as connection:
            return reading.rows(connection, _WAITS)[::-1]

    def is_resumable(self, run: RunRow) -> bool:
        """Whether the run has ended before its end and has left something to go on from, was stopped before it began,
        or may have gone on elsewhere. Looks at the disk."""
        begins = run.state is RunState.STOPPED and not run.facts
        elsewhere = run.state is RunState.INTERRUPTED and run.experiment.device == CLUSTER
        return begins or elsewhere or (run.state in RESUMABLE and has_place(self.workspace, run.uid))

    def put_in_line(self, run_id: int) -> RunRow:
        """Make a run that was cut off, stopped or left waiting this process's own, in line again.

        Raises `RunTaken` for one that is in line or finished, `StorageError` for one that left nothing to go on from.
        """
        with writing(self._connection) as connection:
            old = _takeable(connection, self.workspace, run_id)
            owner = presence.token(self.workspace.presence)
            saving.change_state(connection, run_id, old, RunState.QUEUED, owner, time.time())
            return reading.one(connection, run_id)

    def put_off(self, run_id: int) -> bool:
        """Leave a run that waits or works to the next start: it is in line and nobody's. A cell of a study is
        interrupted instead. False when the run has ended by itself."""
        with writing(self._connection) as connection:
            row = connection.execute("SELECT state, study_id FROM run WHERE id = ?", (run_id,)).fetchone()
            old = None if row is None else state_named(row["state"])
            if old not in LIVE_STATES:
                return False
            state = RunState.QUEUED if row["study_id"] is None else RunState.INTERRUPTED
            saving.change_state(connection, run_id, old, state, None, time.time())
            return True

    def mark_interrupted(self) -> list[RunRow]:
        """Give the runs at work of dead processes the state interrupted; call it at start-up. Returns these runs.

        Those that only waited go on waiting, and so does what other machines may have gone on with, until somebody
        follows it. Runs of living processes, this one included, are left alone. A run ends with its last sign of life.
        """
        folder = self.workspace.presence
        with writing(self._connection) as connection:
            live = connection.execute(
                f"SELECT id, owner, study_id IS NULL AND (state = 'queued' OR {_ELSEWHERE}) AS waits FROM run"
                f" WHERE state IN ({_LIVE})"
            ).fetchall()
            owners = {owner: presence.is_alive(folder, owner) for owner in {row["owner"] for row in live}}
            left = [row for row in live if not owners[row["owner"]]]
            dead = [row["id"] for row in left if not row["waits"]]
            connection.executemany(
                "UPDATE run SET state = 'interrupted', owner = NULL, ended = coalesce(heartbeat, started, created)"
                " WHERE id = ?",
                [(run_id,) for run_id in dead],
            )
            waits = [(row["id"],) for row in left if row["waits"] and row["owner"] is not None]
            connection.executemany("UPDATE run SET state = 'queued', owner = NULL WHERE id = ?", waits)
        presence.sweep(folder)
        with snapshot(self._connection) as connection:
            return [reading.one(connection, run_id) for run_id in dead]


def has_place(workspace: Workspace, uid: str) -> bool:
    """Whether the run's folder holds a place to go on from."""
    return (Path(workspace.runs) / uid / RESUME_FILE).is_file()


def _takeable(connection: sqlite3.Connection, workspace: Workspace, run_id: int) -> RunState:
    """The state of a run that may be put in line; raises `StorageError` in a sentence for any other."""
    row = connection.execute(
        "SELECT uid, name, state, facts, owner, deleted_at FROM run WHERE id = ?", (run_id,)
    ).fetchone()
    if row is None:
        raise StorageError(f"There is no run {run_id}.", "It may have been discarded.")
    state, name = state_named(row["state"]), f"“{row['name']}”"
    if row["deleted_at"] is not None:
        raise StorageError(f"{name} was deleted.", "Bring it back first, with undo.")
    if state in LIVE_STATES and presence.is_alive(workspace.presence, row["owner"]):
        raise RunTaken(f"{name} is {state} already.", "Watch it where it was started.")
    if state is RunState.FINISHED:
        raise RunTaken(f"{name} is finished: there is nothing to go on to.", "Run it again instead.")
    began = state is RunState.FAILED or (state is RunState.STOPPED and row["facts"] != "{}")
    if began and not has_place(workspace, row["uid"]):
        raise StorageError(f"{name} has left nothing to go on from.", "Run it again from the start.")
    return state


def is_taken(connection: sqlite3.Connection, workspace: Workspace, study_id: int, cell: str) -> bool:
    """Whether a living process has a run of this cell in line. Asked of the few runs in line, not of all of the study
    (what “+” says): a study of 10,000 runs asks as often."""
    owners = connection.execute(
        f"SELECT owner FROM run WHERE +study_id = ? AND cell = ? AND +deleted_at IS NULL AND state IN ({_LIVE})",
        (study_id, cell),
    )
    return any(presence.is_alive(workspace.presence, row["owner"]) for row in owners)
