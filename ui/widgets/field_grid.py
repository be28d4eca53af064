"""Settings one under the other: a label, its field, and a line of help below."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from ui.widgets.number_field import refusal_line
from ui.widgets.text import Text


class FieldGrid(QGridLayout):
    """Two equal columns, label and field."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(8)
        self.setVerticalSpacing(4)
        self.setColumnStretch(0, 1)
        self.setColumnStretch(1, 1)

    def add(self, title: str, field: QWidget, help: str) -> tuple[QLabel, QWidget, Text]:
        """The three widgets of a new row, to show and hide together."""
        row = self.rowCount()
        label = QLabel(title)
        label.setWordWrap(True)
        label.setBuddy(field)
        field.setAccessibleName(title)
        field.setAccessibleDescription(help)
        field.setToolTip(help)
        words = Text(help, "small", "muted")
        self.addWidget(label, row, 0)
        self.addWidget(field, row, 1)
        self.addWidget(refusal_line(field), row + 1, 0, 1, 2)
        self.addWidget(words, row + 2, 0, 1, 2)
        return label, field, words
