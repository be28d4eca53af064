"""The runs that a command line names, where their weights are wanted."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import InvalidExperiment
from storage.store import RunRow, RunStore


def ended_runs(store: RunStore, named: Iterable[str]) -> list[RunRow]:
    """These runs, each once. Raises `StorageError` for one that is not there, `InvalidExperiment` for one whose weights
    still change."""
    store.mark_interrupted()
    rows = list({run.id: run for run in map(store.run, named)}.values())
    if (live := next((run for run in rows if run.is_live), None)) is not None:
        raise InvalidExperiment(f"Run {live.id} has not ended: its weights still change.", "Wait, or stop it first.")
    return rows
