"""What a run is exported as, read by the storage thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage.rows import RunRow

if TYPE_CHECKING:
    from engine.export.job import ExportJob
    from storage.store import RunStore


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """takes_classes: whether it may be given classes by example. alone: why its network goes without any, "" otherwise.
    missing: packages that are not installed; why_not_here: why they cannot be by a click, "" where they can."""

    job: ExportJob
    takes_classes: bool
    alone: str
    missing: tuple[str, ...]
    why_not_here: str


def read_plan(row: RunRow) -> Callable[[RunStore], ExportPlan]:
    """Raises `ExperimentError`."""

    def read(store: RunStore) -> ExportPlan:
        from engine.export import kinds, packages
        from engine.export.job import ExportJob, figures

        results, names = store.results(row.id), store.class_names(row.id)
        job = ExportJob(store.directory(row), row.name, row.experiment, names, figures(results))
        method = kinds.method_of(row.experiment)
        takes, alone = kinds.takes_classes(method), kinds.why_alone(method)
        return ExportPlan(job, takes, alone, packages.missing(), packages.why_not_here())

    return read
