"""To the system's bin and back; may take long on a slow drive, so never in the window's thread."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths

from engine.errors import DataError
from engine.machine.places import home

DATA = QStandardPaths.StandardLocation.GenericDataLocation


def to_bin(path: Path) -> Path | None:
    """Move a file or folder to the bin; where it lies there, None where the system does not say. Raises `DataError`,
    also for a folder that holds the person's own folder or the workspace."""
    kept = [folder.resolve() for folder in (Path.home(), home())]
    if any(folder.is_relative_to(path.resolve()) for folder in kept):
        raise DataError(f"“{path}” holds more than a data set.", "Move its files in the system's file manager.")
    with suppress(OSError):  # where the bin lies below a folder that nothing was put into yet
        Path(QStandardPaths.writableLocation(DATA)).mkdir(parents=True, exist_ok=True)
    file = QFile(str(path))
    if not file.moveToTrash():
        raise DataError(f"“{path}” could not be moved to the bin.", "Remove it in the system's file manager.")
    lies = Path(file.fileName())
    return lies if lies != path and file.fileName() else None


def put_back(lies: Path, path: Path) -> None:
    """Out of the bin to where it was. Raises `DataError`."""
    try:
        if path.exists():
            raise FileExistsError
        shutil.move(lies, path)
    except OSError:
        raise DataError(f"“{path.name}” could not be put back.", "Take it out of the bin by hand.") from None
    with suppress(OSError):  # the note that freedesktop's bin keeps of each thing in it
        (lies.parent.parent / "info" / f"{lies.name}.trashinfo").unlink()
