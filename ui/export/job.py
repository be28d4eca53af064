"""What a run is exported as, read by the storage thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.multitask.titles import titled
from storage.rows import RunRow

if TYPE_CHECKING:
    from engine.export.job import ExportJob
    from storage.store import RunStore


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """takes_classes: whether it may be given classes by example. alone: why its network goes without any, "" otherwise.
    missing: packages that are not installed, in words; why_not_here: why they cannot be by a click, "" where they can.
    place: a folder that is not there yet."""

    job: ExportJob
    takes_classes: bool
    alone: str
    missing: str
    why_not_here: str
    place: Path


def read_plan(row: RunRow, place: Path, task: int | None = None) -> Callable[[RunStore], ExportPlan]:
    """place: where it would go. task: the place of one of several. Raises `ExperimentError`."""

    def read(store: RunStore) -> ExportPlan:
        from engine.export import kinds
        from engine.export.job import ExportJob, figures, job_of_task
        from engine.export.packages import EXPORTING

        results, names = store.results(row.id), store.class_names(row.id)
        folder = store.directory(row)
        job = (
            ExportJob(folder, row.name, row.experiment, names, figures(results))
            if task is None
            else job_of_task(folder, titled(row.name, row.experiment, task), row.experiment, task, results)
        )
        method = kinds.method_of(row.experiment)
        takes, alone = kinds.takes_classes(method), kinds.why_alone(method)
        return ExportPlan(job, takes, alone, missing_words(), EXPORTING.why_not_here(), free(place))

    return read


def read_kept_plan(folder: Path, place: Path) -> Callable[[RunStore], ExportPlan]:
    """Of kept classes. Raises `ExperimentError`."""

    def read(store: RunStore) -> ExportPlan:
        from engine.export.job import job_of_kept
        from engine.export.packages import EXPORTING

        job = job_of_kept(folder, store.workspace.runs, lambda uid: store.run(uid).experiment)
        return ExportPlan(job, False, "", missing_words(), EXPORTING.why_not_here(), free(place))

    return read


def missing_words() -> str:
    from engine.export.packages import EXPORTING
    from engine.machine.extras import joined

    return joined(gone) if (gone := EXPORTING.missing()) else ""


def free(place: Path) -> Path:
    """The folder itself, or with a number where something of its name is there."""
    number, found = 2, place
    while os.path.lexists(found):
        number, found = number + 1, place.with_name(f"{place.name} {number}")
    return found
