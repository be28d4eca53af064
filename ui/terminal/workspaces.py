"""Which workspace the command line means."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import InvalidExperiment
from storage.store import RunRow, RunStore
from storage.workspace import Workspace, default_root


def open_workspace(given: str | None) -> Workspace:
    """The workspace at --workspace, WARMSTART_WORKSPACE or the usual place; raises `StorageError` in one sentence."""
    return Workspace(default_root(given)).open()


def ended_runs(store: RunStore, named: Iterable[str]) -> list[RunRow]:
    """These runs, each once. Raises `StorageError` for one that is not there, `InvalidExperiment` for one whose weights
    still change."""
    store.mark_interrupted()
    rows = list({run.id: run for run in map(store.run, named)}.values())
    if (live := next((run for run in rows if run.is_live), None)) is not None:
        raise InvalidExperiment(f"Run {live.id} has not ended: its weights still change.", "Wait, or stop it first.")
    return rows
