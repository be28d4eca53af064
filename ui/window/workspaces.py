"""File > Open workspace: which ones were used lately, and the change to another one in a window of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path
from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu

from engine.errors import ExperimentError
from ui.parts import Parts
from ui.widgets.folders import show_folder

if TYPE_CHECKING:
    from storage.workspace import Workspace

MOST = 8
KEY = "workspaces/recent"


def recent() -> list[Path]:
    """The workspaces opened last on this machine, newest first."""
    found = _settings().value(KEY, [])
    return [Path(str(one)) for one in (found if isinstance(found, list) else [found]) if one]


def remember(root: Path) -> None:
    settings = _settings()
    others = [str(one) for one in recent() if one != root]
    settings.setValue(KEY, [str(root), *others][:MOST])
    settings.sync()


def _settings() -> QSettings:
    return QSettings(str(user_config_path("Warmstart", appauthor=False) / "window.ini"), QSettings.Format.IniFormat)


class Workspaces(QObject):
    """wanted: a workspace that can be used, opened already; whoever owns the windows shows it and closes this one."""

    wanted = Signal(object)

    def __init__(self, window: QMainWindow, parts: Parts) -> None:
        super().__init__(window)
        self._window, self._parts = window, parts
        self.menu = QMenu("Workspace", window)
        self.menu.aboutToShow.connect(self._fill)
        remember(parts.workspace.root)

    def _fill(self) -> None:
        self.menu.clear()
        here = self._parts.workspace.root
        self.menu.addAction("Open workspace…", self.choose)
        self.menu.addAction("Show this workspace's folder", lambda: show_folder(here))
        others = [root for root in recent() if root != here]
        if others:
            self.menu.addSeparator()
        for root in others:
            self.menu.addAction(str(root).replace("&", "&&"), partial(self.open, root)).setEnabled(root.is_dir())

    def choose(self) -> None:
        """Ask for a folder; an empty one becomes a new workspace."""
        start = str(self._parts.workspace.root.parent)
        chosen = QFileDialog.getExistingDirectory(self._window, "Open or make a workspace", start)
        if chosen:
            self.open(Path(chosen))

    def open(self, root: Path) -> None:
        """Look at the folder in the background; then `wanted`, or one sentence why not."""
        if root.resolve() == self._parts.workspace.root:
            self._parts.toasts.show("This workspace is open already.")
            return
        self._parts.background.run(lambda cancelled: opened(root), self.wanted.emit, self._refuse, key="workspace")

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, ExperimentError):
            self._parts.background.crashed.emit(error)
            return
        self._parts.toasts.show(str(error), level="warning")


def opened(root: Path) -> Workspace:
    """The workspace in this folder, with its database looked at; raises `StorageError`. One that holds other things is
    no workspace."""
    from engine.errors import StorageError
    from storage.store import RunStore
    from storage.workspace import Workspace

    workspace = Workspace(root)
    if root.is_dir() and not workspace.database.exists() and any(root.iterdir()):
        raise StorageError(
            f"{root} holds other files and no workspace.", "Choose an empty folder, or one that Warmstart made."
        )
    workspace.open()
    with RunStore(workspace):
        return workspace
