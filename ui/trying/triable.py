"""Which saved runs can be tried: those whose weights are still in their folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.families import named
from storage.rows import RunRow

if TYPE_CHECKING:
    from storage.store import RunStore

WEIGHTS = ("best.safetensors", "last.safetensors")


@dataclass(frozen=True, slots=True)
class Triable:
    """A run with its folder, and the names of its classes as its results tell them; empty where they do not."""

    row: RunRow
    folder: Path
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TriableRuns:
    """The newest first. meets: ended runs that have no classes of their own. silent: those that keep no weights."""

    runs: tuple[RunRow, ...]
    meets: int = 0
    silent: int = 0


def read_triable(store: RunStore) -> TriableRuns:
    """For the storage thread."""
    ended = [row for row in store.runs() if not row.is_live and row.is_readable and not row.archived]
    kept = [row for row in ended if keeps_weights(store.directory(row))]
    fixed = [row for row in kept if named(row.family).divides == "images"]
    order = sorted(fixed, key=lambda row: -(row.ended or row.created))
    return TriableRuns(tuple(order), len(kept) - len(fixed), len(ended) - len(kept))


def keeps_weights(folder: Path) -> bool:
    return any((folder / name).is_file() for name in WEIGHTS)


def read_one(store: RunStore, run_id: int) -> Triable:
    """For the storage thread; raises `StorageError`."""
    row = store.run(run_id)
    return Triable(row, store.directory(row), store.class_names(row.id))
