"""What is handed on from saved runs: a line for the terminal, the folder, a study, a test on other images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from engine.data.sources import is_drawn
from engine.errors import InvalidExperiment
from engine.families import HEAD_BENCH
from engine.multitask.titles import titled
from storage.rows import RunRow
from ui.parts import Parts
from ui.widgets.folders import show_folder

COMMAND = ("Copy as command", "Ctrl+Shift+C", "terminal", "The line for the terminal that gives the same experiment")
FOLDER = ("Open folder", "Ctrl+Shift+E", "folder", "The run's files in the system's file manager")
TRY = ("Try it", "I", "trying", "What these runs see in images of your own")
STUDY = ("Make a study of these…", "Ctrl+Shift+S", "studies", "The same arms as a study, with more seeds")

BEGIN = ("Start from its weights", "", "new", "A new experiment that begins with what this run's network has learnt")
EXPORT = (
    "Export…",
    "",
    "export",
    "A folder that works without Warmstart: a graph, weights, a card and a short program",
)
MIX = ("Mix weights…", "M", "compare", "A run with its start, or several runs of one start: often better than each")
LANDSCAPE = ("Look around…", "", "basin", "The loss around this run, or between two or three, in the space of weights")
TEST = ("Test on other data…", "Ctrl+Shift+T", "data", "Another folder or file with its classes")


def copy_commands(parts: Parts, rows: Sequence[RunRow]) -> None:
    """Put one line for each run on the clipboard."""
    from engine.registry import complete
    from ui.command.command_line import command_for, usual_workspace

    root = parts.workspace.root
    elsewhere = root if root != usual_workspace() else None
    try:
        lines = [command_for([complete(row.experiment)], row.name, elsewhere) for row in rows]
    except InvalidExperiment as fault:
        parts.toasts.show(f"Nothing was copied. {fault}", level="warning")
        return
    QApplication.clipboard().setText("\n".join(lines))
    parts.toasts.show(f"Copied: {lines[0]}" if len(lines) == 1 else f"Copied {len(lines):,} lines.")


def open_folder(parts: Parts, row: RunRow) -> None:
    """Show the run's folder in the file manager, or say why not."""
    folder = parts.workspace.runs / row.uid
    if not folder.is_dir():
        parts.toasts.show(f"The folder of “{row.name}” is no longer there: {folder}", level="warning")
    elif not show_folder(folder):
        parts.toasts.show(f"No file manager answers. The folder is {folder}", level="warning")


def test_on_other_images(owner: QWidget, parts: Parts, rows: Sequence[RunRow]) -> None:
    """Open the dialog for these runs, above the window of `owner`."""
    from ui.listing.other_sets_dialog import OtherSetsDialog

    if rows:
        OtherSetsDialog(parts, rows, owner.window()).show()


def mix(owner: QWidget, parts: Parts, rows: Sequence[RunRow]) -> None:
    """Open the dialog for these runs, above the window of `owner`."""
    from ui.listing.mix_dialog import MixDialog

    if any(row.is_live for row in rows):
        parts.toasts.show("Weights can be mixed when all of these runs have ended.", level="warning")
    elif rows:
        MixDialog(parts, rows, owner.window()).show()


def look_around(owner: QWidget, parts: Parts, rows: Sequence[RunRow]) -> None:
    """Open the landscape of one to three runs, above the window of `owner`."""
    from ui.landscape.dialog import LandscapeDialog

    LandscapeDialog(parts, rows, owner.window()).show()


def why_no_landscape(rows: Sequence[RunRow]) -> str:
    """Why there is none of these, or nothing; what the runs themselves do not allow is told in the dialog."""
    if not 1 <= len(rows) <= 3:
        return "Choose one, two or three runs."
    if any(row.is_live for row in rows):
        return "It can be looked at when it has ended."
    if any(row.family != "finetune" or not row.is_readable for row in rows):
        return "Only fine-tuning keeps a network with a head of its own classes."
    return ""


def export(owner: QWidget, parts: Parts, row: RunRow, task: int | None = None) -> None:
    """Open the dialog for this run, above the window of `owner`. task: the place of one of its several."""
    from ui.export.dialog import ExportDialog
    from ui.export.job import read_plan

    title = row.name if task is None else titled(row.name, row.experiment, task)
    ExportDialog(parts, title, lambda place: read_plan(row, place, task), owner.window()).show()


def export_kept(owner: QWidget, parts: Parts, folder: Path) -> None:
    """The same for classes that were kept."""
    from ui.export.dialog import ExportDialog
    from ui.export.job import read_kept_plan

    ExportDialog(parts, folder.name, lambda place: read_kept_plan(folder, place), owner.window()).show()


def make_study(parts: Parts, rows: Sequence[RunRow]) -> None:
    """Open the builder with a study of these runs, or say why there is none."""
    from engine.studies.from_runs import study_of

    try:
        parts.navigator.open("studies", study_of([row.experiment for row in rows]))
    except InvalidExperiment as fault:
        parts.toasts.show(f"No study was made. {fault}", level="warning")


def begin(parts: Parts, row: RunRow) -> None:
    """Open a new experiment that starts from the run's weights."""
    from engine.studies.worth import started_from

    parts.navigator.open("new_experiment", started_from(row.experiment, row.uid))


def why_not_begin(row: RunRow) -> str:
    """Why nothing can start from it, or nothing."""
    if row.is_live:
        return "It can be started from when it has ended."
    if not row.is_readable or row.family == HEAD_BENCH.key or is_drawn(row.experiment.dataset):
        return "It keeps no network that answers by itself."
    return "" if row.step else "It has learnt nothing yet."
