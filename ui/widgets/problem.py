"""A sentence beside an input that says what is wrong with it and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from ui import icons
from ui.widgets.text import Text


class Problem(QWidget):
    """Hidden while there is none."""

    def __init__(self, level: str = "bad", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        mark = Text(wrap=False)
        icons.dress(mark, "error" if level == "bad" else "warning", level, 16)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        self.text = Text("", "small", level)
        row.addWidget(self.text, 1)
        self.hide()

    def say(self, *sentences: str) -> None:
        """Show these sentences, or nothing."""
        words = "\n".join(sentence for sentence in sentences if sentence)
        self.text.setText(words)
        self.setAccessibleName(words)
        self.setVisible(bool(words))
