"""Saying what an image is: a key for each of the first nine classes, or the class typed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit, QWidget

from ui.widgets.buttons import icon_button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

KEYS = 9
HOW = "Press its number in the list, or type it here and press Enter."


class LabelField(QWidget):
    """said(class name, "" for none): of the image that is looked at."""

    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.field = QLineEdit(placeholderText="What it is")
        self.field.setAccessibleName("What the image is")
        self.field.setToolTip(HOW)
        self._classes = QStringListModel(self)
        completer = QCompleter(self._classes, self.field)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.field.setCompleter(completer)
        self.field.returnPressed.connect(self._say, Qt.ConnectionType.QueuedConnection)  # after the list is closed
        self.take_away = icon_button("close", "Take the label away (Delete)", lambda: self.said.emit(""))
        self.keys = Text("", "small", "muted")
        row = in_row((self.field, 1), self.take_away, gap=4)
        in_column(Text("Your label", "small", bold=True), row, self.keys, owner=self, gap=4)

    def show_classes(self, classes: Sequence[str]) -> None:
        """One completer stays: an answer may come out of its own list, which must not be gone by then."""
        if list(classes) != self._classes.stringList():
            self._classes.setStringList(list(classes))
        numbered = (f"{number}\N{NO-BREAK SPACE}{name}" for number, name in enumerate(classes[:KEYS], 1))
        self.keys.setText("  ".join(numbered))

    def show_label(self, label: str) -> None:
        self.field.setText(label)
        self.take_away.setEnabled(bool(label))

    def begin(self, letter: str) -> None:
        """It is typed from the list."""
        self.field.setText(letter)
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)  # others choose the letter, which the next one replaced

    def _say(self) -> None:
        self.said.emit(self.field.text().strip())
