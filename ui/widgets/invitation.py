"""An empty place that says what to do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from ui.widgets.buttons import PrimaryButton
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text


class Invitation(QWidget):
    """A heading, a sentence, and perhaps the button that does it."""

    def __init__(
        self, heading: str, words: str, action: str = "", clicked: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.heading = Text(heading, "heading", bold=True, wrap=False)
        self.words = Text(words, role="muted")
        self.words.setFixedWidth(480)
        column = in_column(..., owner=self, gap=8, edges=None)
        for label in (self.heading, self.words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row = in_row(..., label, ...)
            column.addLayout(row)
        if action and clicked:
            self.button = PrimaryButton(action, "new")
            self.button.clicked.connect(lambda: clicked())
            column.addSpacing(8)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        self._column = column

    def offer(self, other: QWidget) -> None:
        """Another way on, under the first."""
        self._column.insertWidget(self._column.count() - 1, other, 0, Qt.AlignmentFlag.AlignHCenter)

    def say(self, heading: str, words: str) -> None:
        self.heading.setText(heading)
        self.words.setText(words)
