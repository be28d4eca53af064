"""Which saved runs would go on if somebody let them: those that wait, and those that were cut off. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.events import RunState

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore


def unfinished(store: RunStore) -> list[RunRow]:
    """Oldest first. A run that was run again since stays as it is, and a study goes on by itself."""
    found: list[RunRow] = []
    since: set[tuple[str, int]] = set()
    for row in store.runs():
        key = (row.group, row.experiment.seed)
        cut_off = row.state is RunState.INTERRUPTED and row.study_id is None and not row.archived
        if row.waits or (cut_off and key not in since):
            found.append(row)
        since.add(key)
    return found[::-1]
