"""What is set up, as the terminal's line for the same experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QApplication

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from ui.parts import Parts


def copy_command(parts: Parts, experiments: Callable[[], Sequence[Experiment]], name: str) -> None:
    """Put the line on the clipboard, and say so; else say why there is none. name: of the runs."""
    from ui.command.command_line import command_for, usual_workspace

    root = parts.workspace.root
    try:
        line = command_for(list(experiments()), name, root if root != usual_workspace() else None)
    except InvalidExperiment as fault:
        parts.toasts.show(f"Nothing was copied. {fault}", level="warning")
        return
    QApplication.clipboard().setText(line)
    parts.toasts.show(f"Copied: {line}")
