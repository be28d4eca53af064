"""`export`: a saved run as a folder that works without this program."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Self

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from engine.errors import Cancelled, InvalidExperiment
from engine.export.job import ExportJob, figures, job_of_kept, job_of_task
from engine.export.process import ExportResult, run_export, words
from engine.families import MULTITASK, named
from engine.given import person_path
from engine.multitask.titles import refuse_task, task_called, titled
from engine.using.kept_words import is_kept
from storage.store import RunStore
from ui.terminal.interrupts import Interrupts
from ui.terminal.output import Showing, print_json, visible
from ui.terminal.workspaces import open_workspace

STOPPING = "\nStopping: nothing is left of it.\n"


class ExportLines(Showing):
    """A line for each thing that it is at. Used in a `with` statement."""

    doing = ""

    def say_doing(self, doing: str, part: float | None) -> None:
        if doing != self.doing:
            self.doing = doing
            self.tell(doing)

    def tell(self, doing: str) -> None:
        self.say(f"  {doing}")


class ExportJSON(ExportLines):
    def tell(self, doing: str) -> None:
        print_json({"event": "progress", "doing": doing})


class ExportSpinner(ExportLines):
    """One line with the time that has passed."""

    def __enter__(self) -> Self:
        columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
        self.bar = Progress(*columns, console=self.console, transient=True)
        self.bar.start()
        self.task = self.bar.add_task("")
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def tell(self, doing: str) -> None:
        self.bar.update(self.task, description=visible(doing))


def export_from_command_line(chosen: argparse.Namespace) -> int:
    """Raises `ExperimentError`, and `KeyboardInterrupt` after Ctrl+C: nothing is left of it then."""
    job = job_of(chosen)
    made = ExportJSON() if chosen.json else ExportLines()
    if made.console.is_terminal and not chosen.json:
        made = ExportSpinner()
    with Interrupts(STOPPING) as signals, made as shown:
        try:
            found = run_export(job, chosen.to, shown.say_doing, signals.stopping)
        except Cancelled:
            raise KeyboardInterrupt from None
    tell(found, chosen.json)
    return 0


def job_of(chosen: argparse.Namespace) -> ExportJob:
    if is_kept(person_path(chosen.run)):
        return job_of_classes(chosen, person_path(chosen.run))
    with RunStore(open_workspace(chosen.workspace)) as store:
        run = store.run(chosen.run)
        folder, results, names = store.directory(run), store.results(run.id), store.class_names(run.id)
    if named(run.family) is MULTITASK:
        place = task_called(run.experiment, chosen.task or "")
        job = job_of_task(folder, titled(run.name, run.experiment, place), run.experiment, place, results)
        check_on = chosen.check_on and person_path(chosen.check_on)
        return replace(job, check_on=check_on or None, pt2=chosen.pt2)
    refuse_task(chosen.task, run.name)
    classes, check_on = (path and person_path(path) for path in (chosen.classes, chosen.check_on))
    return ExportJob(
        folder, run.name, run.experiment, names, figures(results), classes or None, check_on or None, chosen.pt2
    )


def job_of_classes(chosen: argparse.Namespace, folder: Path) -> ExportJob:
    """Of classes that were kept."""
    if chosen.classes:
        raise InvalidExperiment("Kept classes have examples of their own.", "Leave out --classes.")
    workspace = open_workspace(chosen.workspace)
    with RunStore(workspace) as store:
        job = job_of_kept(folder, workspace.runs, lambda uid: store.run(uid).experiment)
    check_on = chosen.check_on and person_path(chosen.check_on)
    return replace(job, check_on=check_on or None, pt2=chosen.pt2)


def tell(found: ExportResult, as_json: bool) -> None:
    if as_json:
        checked = {"images": found.images, "which": found.which, "same": found.same, "difference": found.difference}
        print_json({"event": "exported", "folder": str(found.folder), "checked": checked})
        return
    shown = Showing()
    shown.say(f"Exported to {found.folder}")
    shown.say(words(found))
