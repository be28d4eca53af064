"""The Runs page before the first run: what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from ui.parts import Parts
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text


class EmptyRuns(QWidget):
    """Offers the bundled example and the way to an experiment of one's own."""

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.example = PrimaryButton("Run the one-minute example", "play")
        self.example.setToolTip("LP-FT, full fine-tuning and training from scratch with two labels per class")
        self.example.clicked.connect(lambda _=False: self.run_example())
        self.own = button("Set up an experiment", "new", "Go to New experiment (Ctrl+1)",
                          lambda: parts.navigator.open("new_experiment"))  # fmt: skip
        self.own.setMinimumHeight(36)
        words = Text(
            "Watch three methods learn 40 handwritten classes from two labelled images each, then see them compared. "
            "Nothing is downloaded.", role="muted",
        )  # fmt: skip
        words.setFixedWidth(480)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = in_row(..., self.example, self.own, ..., gap=8)
        middle = in_row(..., words, ...)  # without alignment: a layout forgets height for width where it aligns
        in_column(
            (..., 2), (Text("No runs yet", "heading", bold=True, wrap=False), 0, Qt.AlignmentFlag.AlignHCenter), middle,
            8, row, (..., 3), owner=self, gap=8, edges=None,
        )  # fmt: skip

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.example.setEnabled(True)

    def run_example(self) -> None:
        """Put the bundled example in line; its curves appear here, its comparison at the end."""
        from engine.plan import preset
        from ui.demo import start_demo

        self.example.setEnabled(False)  # until this place is empty again
        start_demo(self._parts, preset("demo"))
