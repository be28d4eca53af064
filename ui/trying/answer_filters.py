"""The line above the answers: words in their names, and which of them are shown."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.comparison.wording import thousands
from ui.trying.answer_order import AnswerPart
from ui.widgets.fields import Choice
from ui.widgets.layouts import in_row

LETTERS = 14  # of the list of parts


class AnswerFilters(QWidget):
    """changed: others are wanted."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words = QLineEdit(placeholderText="Find by name")
        self.words.setClearButtonEnabled(True)
        self.words.setAccessibleName("Find images by name")
        self.words.textChanged.connect(lambda _: self.changed.emit())
        self.parts = Choice([(AnswerPart.ALL, AnswerPart.ALL.value)])
        self.parts.setAccessibleName("Which images are shown")
        self.parts.setMinimumContentsLength(LETTERS)
        self.parts.currentIndexChanged.connect(lambda _: self.changed.emit())
        in_row((self.words, 1), self.parts, owner=self, gap=8)

    def show_counts(self, found: Mapping[AnswerPart | str, int], what: str = "images") -> None:
        """what: "images" or "texts" these are. What is chosen stays, also where nothing is of it at present."""
        kept = self.part()
        numbers = dict(found) if kept in found else {**found, kept: 0}
        every = {AnswerPart.ALL: f"All {what}"}
        options = [(part, f"{part if isinstance(part, str) else every.get(part, part.value)} ({thousands(n)})")
                   for part, n in numbers.items()]  # fmt: skip
        self.words.setPlaceholderText("Find by name" if what == "images" else "Find by words")
        self.words.setAccessibleName(f"Find {what} by name" if what == "images" else f"Find {what} by words in them")
        self.parts.set_options(options)

    def part(self) -> AnswerPart | str:
        found = self.parts.key()
        return found if isinstance(found, AnswerPart | str) else AnswerPart.ALL

    def clear(self) -> None:
        self.words.clear()
        self.parts.set_key(AnswerPart.ALL)

    def focus_words(self) -> None:
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.words.selectAll()
