"""Settings one under the other: a label, its field, and a line of help below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from ui.widgets.layouts import in_row
from ui.widgets.number_field import say_below
from ui.widgets.reset_mark import ResetMark
from ui.widgets.text import Text


class FieldGrid(QGridLayout):
    """Label and field: two equal columns, with the help in words below, or dense: the help is in the tip alone."""

    def __init__(self, dense: bool = False) -> None:
        super().__init__()
        self._dense = dense
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(4 if dense else 8)  # beside the place of the mark
        self.setVerticalSpacing(8 if dense else 4)
        self.setColumnStretch(0, 0 if dense else 1)
        self.setColumnStretch(1, 1)

    def add(self, title: str, field: QWidget, help: str, usual: Callable[[], Any] | None = None) -> tuple[QWidget, ...]:
        """The widgets of a new row, to show and hide together. usual: the value that counts as not changed."""
        row = self.rowCount()
        label = QLabel(title, wordWrap=not self._dense)
        label.setBuddy(field)
        label.setToolTip(help if self._dense else "")
        field.setAccessibleName(title)
        field.setAccessibleDescription(help)
        field.setToolTip(help)
        head = labelled(label, field, usual)
        self.addWidget(head, row, 0)
        self.addWidget(field, row, 1)
        say_below(field)
        if self._dense:
            return head, field
        words = Text(help, "small", "muted")
        self.addWidget(words, row + 1, 0, 1, 2)
        return head, field, words


def labelled(label: QLabel, field: QWidget, usual: Callable[[], Any] | None) -> QWidget:
    """The label, and at its end the place of the mark of a field that differs from its usual value."""
    head = QWidget()
    line = in_row((label, 1), owner=head, gap=2)
    if usual is not None:
        line.addWidget(ResetMark(field, label, usual))
    return head
