"""Folders outside the window."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices


def show_folder(folder: Path, opener: Callable[[QUrl], bool] = QDesktopServices.openUrl) -> bool:
    """Show a folder in the system's file manager."""
    return opener(QUrl.fromLocalFile(str(folder)))
