"""The field in which texts are typed or pasted, to be answered."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QWidget

from ui.trying.lot import TypedTexts
from ui.widgets.buttons import button
from ui.widgets.frame import SlimScrollBar
from ui.widgets.layouts import in_column, in_row

LINES = 3
WORDS = "Type or paste texts here"
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class TypedField(QPlainTextEdit):
    """entered: Enter was pressed with Ctrl."""

    entered = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.entered.emit()
        else:
            super().keyPressEvent(event)


class TypingTexts(QWidget):
    """given(TypedTexts). upright: the button stands below the field."""

    given = Signal(object)

    def __init__(self, upright: bool = False) -> None:
        super().__init__()
        self.field, self.lines = TypedField(placeholderText=WORDS), QCheckBox("Each line is a text")
        self.field.setVerticalScrollBar(SlimScrollBar())
        self.field.setAccessibleName("Texts to be answered")
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight((2 if upright else 1) * LINES * self.field.fontMetrics().lineSpacing() + 14)
        self.lines.setChecked(True)
        self.lines.setToolTip("Otherwise all that stands in the field is one text, with its line breaks")
        self.ask = button("Answer", "play", "Answer what stands in the field (Ctrl+Enter)", self.give)
        self.field.entered.connect(self.give)
        self.field.textChanged.connect(self._adjust)
        if upright:
            in_column(self.field, self.lines, self.ask, owner=self, gap=8)
        else:
            in_row((self.field, 1), in_column(self.lines, self.ask, ..., gap=4), owner=self, gap=8)
        self._adjust()

    def texts(self) -> tuple[str, ...]:
        text = self.field.toPlainText()
        found = text.split("\n") if self.lines.isChecked() else [text]
        return tuple(one for one in found if one.strip())

    def give(self) -> None:
        if found := self.texts():
            self.field.clear()
            self.given.emit(TypedTexts(found))

    def _adjust(self) -> None:
        self.ask.setEnabled(bool(self.field.toPlainText().strip()))
