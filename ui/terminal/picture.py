"""A picture of a comparison from the terminal, painted by Qt off-screen; without Qt one sentence says so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from engine.errors import StorageError
from storage.store import RunStore
from storage.workspace import Workspace
from ui.terminal.display import Display
from ui.window.qt_check import qt_problem


def save_picture(workspace: Workspace, run_ids: Sequence[int], path: Path, display: Display, title: str = "") -> None:
    """Write the PNG and say where it is; raises `StorageError` when it cannot be written."""
    if problem := qt_problem():
        display.say(f"No picture was drawn. {problem}")
        return
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from ui.comparison.picture import save_comparison_picture
    from ui.comparison.reading import read_chosen

    with RunStore(workspace) as store:
        found = read_chosen(store, run_ids, "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_comparison_picture(found.runs, found.curves, path, title=title, metric=found.metric)
    except OSError as error:
        raise StorageError(f"The picture {path} cannot be written.", "Choose another file with --output.") from error
    display.say(f"Picture: {path}")
