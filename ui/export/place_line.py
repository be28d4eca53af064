"""A folder that is chosen: its label, the path, and a button."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from ui.widgets.buttons import button
from ui.widgets.layouts import in_row
from ui.widgets.text import Elided, Text

NONE, LABEL = "none", 60  # pixels


class PlaceLine(QWidget):
    """optional: it may be left empty, and emptied again."""

    def __init__(self, label: str, words: str, ask: Callable[[], object], optional: bool = False) -> None:
        super().__init__()
        self.is_set, self.path = False, Path()
        self._shown = Elided(NONE)
        name = Text(label, wrap=False)
        name.setMinimumWidth(LABEL)
        self.choose = button(words, "folder", f"{label}: another folder", ask)
        self.choose.setAccessibleName(f"{label}: {words}")
        self.clear = button("None", "", f"{label}: none", self._empty)
        self.clear.setVisible(False)
        in_row(name, (self._shown, 1), self.clear, self.choose, owner=self, gap=8)
        self._optional = optional

    def set_path(self, path: Path) -> None:
        self.is_set, self.path = True, path
        self._shown.setText(str(path))
        self.clear.setVisible(self._optional)

    def _empty(self) -> None:
        self.is_set = False
        self._shown.setText(NONE)
        self.clear.hide()
