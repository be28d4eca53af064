"""Removing runs for good: rows first, in one transaction, then the folders, and mixtures that nobody starts from."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from engine.errors import StorageError
from engine.events import LIVE_STATES, RunState
from storage import history, presence
from storage.connection import writing
from storage.rows import state_named
from storage.workspace import MIXTURE, Workspace


def title(connection: sqlite3.Connection, run_ids: Sequence[int], ended: bool) -> str:
    """“name” of one run or "n runs"; raises `StorageError` for one that is not there or, with `ended`, still works."""
    for run_id in run_ids:
        row = connection.execute("SELECT name, state, owner FROM run WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise StorageError(f"There is no run {run_id}.", "It may have been discarded.")
        waits = row["state"] == RunState.QUEUED and row["owner"] is None  # nobody works it
        if ended and state_named(row["state"]) in LIVE_STATES and not waits:
            raise StorageError(f"“{row['name']}” is still {row['state']}.", "Stop it first.")
    return f"“{row['name']}”" if len(run_ids) == 1 else f"{len(run_ids)} runs"


def purge(connection: sqlite3.Connection, workspace: Workspace, run_ids: Sequence[int]) -> int:
    """Remove rows and folders; ids that are not there are passed over. Returns the bytes of the removed files."""
    with writing(connection):
        uids = [uid for run_id in run_ids if (uid := _purgeable(connection, workspace, run_id))]
        mixtures = _mixtures(connection, run_ids)
        connection.executemany("DELETE FROM run WHERE id = ?", [(run_id,) for run_id in run_ids])
        history.forget(connection, run_ids)
        unused = mixtures - _mixtures(connection)
    folders = [folder for uid in uids if (folder := workspace.folder_of(uid)) is not None]
    return sum(map(_remove, [*folders, *(workspace.runs / name for name in sorted(unused))]))


def _mixtures(connection: sqlite3.Connection, run_ids: Sequence[int] | None = None) -> set[str]:
    """Folders of kept mixtures that these runs, or any, start from."""
    rows = connection.execute("SELECT id, experiment FROM run WHERE instr(experiment, 'run:mix-')")
    wanted = None if run_ids is None else set(run_ids)
    said = (str(row["experiment"]) for row in rows if wanted is None or row["id"] in wanted)
    return {name for text in said for name in MIXTURE.findall(text)}


def _purgeable(connection: sqlite3.Connection, workspace: Workspace, run_id: int) -> str | None:
    row = connection.execute("SELECT uid, name, state, owner FROM run WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        return None
    mine = row["owner"] == presence.token(workspace.presence)
    if state_named(row["state"]) in LIVE_STATES and not mine and presence.is_alive(workspace.presence, row["owner"]):
        raise StorageError(f"“{row['name']}” is at work in another window or terminal.", "Stop it there first.")
    return str(row["uid"])


def _remove(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(
            f"The run is gone from the list, but its folder {folder.name} cannot be removed whole.",
            "Close programs that use its files, then remove the folder in the workspace's “runs”.",
        ) from error
    return size
