"""What leaves the mouse's wheel to the page it lies on: sliders, tables and texts."""

from __future__ import annotations

from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QPlainTextEdit, QSlider, QTableView


class QuietWheel:
    """Before a class that takes the wheel: it does so only while it has the focus, else the page scrolls."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():  # type: ignore[attr-defined]
            super().wheelEvent(event)  # type: ignore[misc]
        else:
            event.ignore()


class QuietSlider(QuietWheel, QSlider): ...


class QuietTable(QuietWheel, QTableView): ...


class QuietText(QuietWheel, QPlainTextEdit): ...
