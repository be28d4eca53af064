"""What the run was made with, folded away under its messages."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ui.widgets.fold import Fold
from ui.widgets.text import Text


class MadeWithFold(Fold):
    """Names on the left, words that can be selected on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Made with", parent=parent)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self._words: list[Text] = []

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """(what, words); the same names in every call."""
        if not self._words:
            for place, (name, _) in enumerate(rows):
                self._grid.addWidget(Text(name, "small", "muted", wrap=False), place, 0, Qt.AlignmentFlag.AlignTop)
                self._words.append(self._line(place, name))
        for text, (_, words) in zip(self._words, rows, strict=True):
            text.setText(words)
        self.setAccessibleDescription("; ".join(f"{name}: {words}" for name, words in rows))

    def _line(self, place: int, name: str) -> Text:
        text = Text("", "small")
        text.setAccessibleName(name)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(text, place, 1)
        return text
