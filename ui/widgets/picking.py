"""Files and folders that a person hands in are asked for in one way: a dialog begins where the last one ended."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from engine.data.files.kinds import TEXT_ENDINGS
from ui.widgets.saving import FolderMemory

PICKED = FolderMemory("pick/folder")
ZIPS = "Zip files (*.zip)"
DATA_FILES = f"Zips and texts (*.zip {' '.join(sorted(f'*{one}' for one in TEXT_ENDINGS))})"
DATA_FILE = "A zip of class folders or of a published data set, or a table of texts: CSV, TSV, JSON lines"


def pick_folder(parent: QWidget, title: str) -> str:
    """Its path, "" when none is picked; another time its neighbours are offered."""
    path = QFileDialog.getExistingDirectory(parent, title, PICKED.last())
    if path:
        PICKED.keep(Path(path).parent)
    return path


def pick_files(parent: QWidget, title: str) -> tuple[str, ...]:
    """Their paths, none when none are picked."""
    paths, _ = QFileDialog.getOpenFileNames(parent, title, PICKED.last())
    if paths:
        PICKED.keep(Path(paths[0]).parent)
    return tuple(paths)


def pick_file(parent: QWidget, title: str, kinds: str) -> str:
    """Its path, "" when none is picked. kinds: as Qt filters them, such as `ZIPS`."""
    path, _ = QFileDialog.getOpenFileName(parent, title, PICKED.last(), kinds)
    if path:
        PICKED.keep(Path(path).parent)
    return path
