"""Which data set lies at a path: asked in the background, and dropped where something else is chosen meanwhile."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.experiment import DatasetChoice
from ui.background import Background

KEY = "resolve"


class PathLook(QObject):
    """found(choice), or failed(words): why nothing there can be used."""

    found = Signal(DatasetChoice)
    failed = Signal(str)

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self.is_at_work = False

    def begin(self, path: str) -> None:
        self.is_at_work = True

        def look(cancelled: object) -> DatasetChoice:
            from engine.data.sources import resolve

            return resolve(path)

        refused = self._background.saying(self._refuse, "What lies there could not be looked at.")
        self._background.run(look, self._take, refused, key=KEY)

    def stop(self) -> None:
        """What it is is not wanted any more."""
        self._background.cancel(KEY)
        self.is_at_work = False

    def _take(self, choice: DatasetChoice) -> None:
        self.is_at_work = False
        self.found.emit(choice)

    def _refuse(self, words: str) -> None:
        self.is_at_work = False
        self.failed.emit(words)
