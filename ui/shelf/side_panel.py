"""The panel beside a long list: all that is known of the line that is chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from ui.shelf.list_line import Told
from ui.widgets.frame import WordsArea
from ui.widgets.layouts import in_column
from ui.widgets.text import Text

WIDTH = 280


class SidePanel(WordsArea):
    def __init__(self, parent: QWidget | None = None) -> None:
        inner = QWidget()
        super().__init__(inner)
        self.title = Text("", "heading", bold=True)
        self.misfit = Text("", role="warning")
        self.link = Text("", "small", "muted")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self._lines: list[tuple[Text, Text]] = []
        for text in (self.title, self.link):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        in_column(self.title, self.misfit, self._grid, self.link, ..., owner=inner, gap=8, edges=12)
        self.setMinimumWidth(200)
        self.misfit.hide()

    def tell(self, told: Told, misfit: str) -> None:
        """misfit: why it does not suit, "" where it does."""
        self.title.setText(told.title)
        self.misfit.setText(misfit)
        self.misfit.setVisible(bool(misfit))
        while len(self._lines) < len(told.lines):
            self._add_line()
        for place, (name, words) in enumerate(self._lines):
            title, said = told.lines[place] if place < len(told.lines) else ("", "")
            name.setText(title)
            words.setText(said)
            name.setVisible(bool(title))
            words.setVisible(bool(title))
        self.link.setText(told.link)
        self.link.setVisible(bool(told.link))

    def _add_line(self) -> None:
        name, words = Text("", "small", "muted", wrap=False), Text("", "small")
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = len(self._lines)
        self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(words, row, 1)
        self._lines.append((name, words))

    def spoken(self) -> str:
        """All that is shown, a line each."""
        shown = [f"{name.text()}: {words.text()}" for name, words in self._lines if name.text()]
        return "\n".join(part for part in (self.title.text(), self.misfit.text(), *shown, self.link.text()) if part)
