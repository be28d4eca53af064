"""The figure of a study as a file, painted by Qt off-screen; without Qt one sentence says so."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import StorageError
from ui.studies.reading import StudyNow
from ui.terminal.output import say
from ui.window.qt_check import qt_problem


def save_study_figure(now: StudyNow, path: Path) -> None:
    """As the window begins with it: errors over labels per class, else what the study is about. Raises `StorageError`
    when it cannot be written."""
    if problem := qt_problem():
        say(f"No figure was drawn. {problem}", error=True)
        return
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from ui.figures.figure_export import save
    from ui.studies.figure import StudyFigure
    from ui.studies.view import View

    _application = QApplication.instance() or QApplication(["warmstart"])
    figure = StudyFigure()
    figure.show_view(View(now.table, now.crossings, now.study.figure == "labels"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(figure, path)
    except OSError as error:
        raise StorageError(f"The figure {path} cannot be written.", "Choose another file with --figure.") from error
    say(f"Figure: {path}", error=True)
