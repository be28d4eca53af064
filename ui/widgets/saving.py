"""Where a file goes, asked in one way: its kind is decided in the dialog, nothing is replaced without a question, and
the folder is remembered; the first is that of the person's documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSettings, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from ui.widgets.text import plain

NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True, slots=True)
class FileKind:
    """One entry of the dialog's list. suffix: without its dot."""

    title: str
    suffix: str

    @property
    def entry(self) -> str:
        return f"{self.title} (*.{self.suffix})"

    def fits(self, path: Path) -> bool:
        return path.name.lower().endswith(f".{self.suffix}")


class FolderMemory:
    """The folder used last for one purpose, in the window's settings once there is a window."""

    settings: QSettings | None = None

    def __init__(self, key: str) -> None:
        self._key, self._folder = key, ""

    def last(self) -> str:
        """The folder of the person's documents before there was any, or when it is gone."""
        settings = FolderMemory.settings
        kept = str(settings.value(self._key, "")) if settings is not None else self._folder
        return kept if kept and Path(kept).is_dir() else documents()

    def keep(self, folder: Path) -> None:
        self._folder = str(folder)
        if FolderMemory.settings is not None:
            FolderMemory.settings.setValue(self._key, str(folder))


SAVED = FolderMemory("save/folder")


def remember_folders(settings: QSettings) -> None:
    """Keep the folders used last in these settings."""
    FolderMemory.settings = settings


def documents() -> str:
    """The folder of the person's documents, or the home folder: never the program's."""
    found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return found if Path(found).is_dir() else str(Path.home())


def last_folder() -> str:
    """Where something was saved."""
    return SAVED.last()


def ask_where(parent: QWidget, title: str, name: str, kinds: Sequence[FileKind]) -> Path | None:
    """The file to write, its ending that of the kind chosen; None when nothing is to be saved. name: without ending."""
    dialog = QFileDialog(parent, title, last_folder(), ";;".join(kind.entry for kind in kinds))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    by_entry = {kind.entry: kind for kind in kinds}
    dialog.setDefaultSuffix(kinds[0].suffix)
    dialog.filterSelected.connect(lambda entry: dialog.setDefaultSuffix(by_entry[entry].suffix))
    dialog.selectFile(f"{NOT_IN_NAMES.sub('-', name).strip('. ') or 'Untitled'}.{kinds[0].suffix}")
    path = None
    while path is None and dialog.exec():
        path = _agreed(dialog, Path(dialog.selectedFiles()[0]), kinds, by_entry[dialog.selectedNameFilter()])
    dialog.deleteLater()
    if path is not None:
        SAVED.keep(path.parent)
    return path


def _agreed(parent: QWidget, typed: Path, kinds: Sequence[FileKind], chosen: FileKind) -> Path | None:
    """The name with the ending of its kind. Qt asks about files of the name that was typed; where a dot in it kept Qt
    from adding the ending, the file of the longer name is asked about here."""
    if any(kind.fits(typed) for kind in kinds):
        return typed
    path = typed.with_name(f"{typed.name}.{chosen.suffix}")
    words = plain(f"“{path.name}” is there already. Replace it?")
    if path.exists() and QMessageBox.question(parent, "Replace the file", words) != QMessageBox.StandardButton.Yes:
        return None
    return path
