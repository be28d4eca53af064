"""A sentence beside an input that says what is wrong with it and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ui import icons
from ui.widgets.layouts import in_row
from ui.widgets.text import Text


class Problem(QWidget):
    """Hidden while there is none."""

    def __init__(self, level: str = "bad", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark = Text(wrap=False)
        icons.dress(mark, "error" if level == "bad" else "warning", level, 16)
        self.text = Text("", "small", level)
        in_row((mark, 0, Qt.AlignmentFlag.AlignTop), (self.text, 1), owner=self, gap=6)
        self.hide()

    def say(self, *sentences: str) -> None:
        """Show these sentences, or nothing."""
        words = "\n".join(sentence for sentence in sentences if sentence)
        self.text.setText(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
