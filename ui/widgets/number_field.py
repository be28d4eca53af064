"""An input for a number that takes what was meant or says why not, and never another number.

Qt's own spin boxes drop the keys they do not know (1.5 becomes 15), round, and cut to their bounds without a word.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHelpEvent, QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QStyle, QStyleOptionSpinBox, QWidget

from ui.widgets.notice import Refusal
from ui.widgets.text import show_tip
from ui.widgets.typed_numbers import Refused

ROOM = 7  # letters of a number that the field asks room for; forms give it more


class NumberField(QAbstractSpinBox):
    """Keeps the exact number beside its text until a person types another. The mouse wheel never changes it.

    valueChanged(number): another one, by `setValue` or by a person. What is refused is said in a line below where
    `say_below` asked for that, else in a bubble, and the number stays what it was.
    """

    valueChanged = Signal(object)

    def __init__(self, low: float, high: float, value: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._low, self._high, self._value = low, high, value
        self._before, self._after = "", ""
        self._shown = ""
        self.says_below = False
        self.line: Refusal | None = None  # made when there is something to say
        self.lineEdit().setAcceptDrops(False)  # a folder that is dropped here is for the window
        self.editingFinished.connect(self.take_typed)
        self.lineEdit().textEdited.connect(lambda _: self._say(""))
        self._show()

    # What it holds

    def minimum(self) -> Any:
        return self._low

    def maximum(self) -> Any:
        return self._high

    def value(self) -> Any:
        """The number last taken, exactly as it was given."""
        return self._value

    def setValue(self, value: Any) -> None:
        """Show a number as it is, also one beyond the bounds: it is for the checks to name it."""
        changed, self._value = value != self._value, value
        self._say("")
        self._show()
        if changed:
            self.valueChanged.emit(value)

    def inside(self, value: Any) -> Any:
        """The nearest number within the bounds."""
        return min(max(value, self._low), self._high)

    def words(self, value: Any) -> str:
        """How a number is written."""
        raise NotImplementedError

    def read(self, text: str) -> Any:
        """The number that is meant by a text; raises `Refused`."""
        raise NotImplementedError

    # What it shows

    def prefix(self) -> str:
        return self._before

    def setPrefix(self, text: str) -> None:
        self._before = text
        self._show()

    def setSuffix(self, text: str) -> None:
        self._after = text
        self._show()

    def setSpecialValueText(self, text: str) -> None:
        """A word that stands for the least value, and may be typed for it."""
        super().setSpecialValueText(text)
        self._show()

    def _is_word(self) -> bool:
        return bool(self.specialValueText()) and self._value == self._low

    def _show(self) -> None:
        word = f"{self._before}{self.words(self._value)}{self._after}"
        self._shown = self.specialValueText() if self._is_word() else word
        self.lineEdit().setText(self._shown)
        self.lineEdit().setCursorPosition(0)  # of a number that is too long the first digits are seen
        self.setProperty("value", float(self._value))  # for screen readers

    # Typing

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Any key is taken; the whole is judged when it is finished."""
        return QValidator.State.Acceptable, text, position

    def take_typed(self) -> None:
        """Take over what was typed, or say why not and show again what counts."""
        if self.lineEdit().text() == self._shown:
            return
        text = self._bare(self.lineEdit().text())
        try:
            word = self.specialValueText()
            value = self._low if word and text.casefold() == word.casefold() else self.read(text)
        except Refused as fault:
            self._show()
            self._say(f"{fault} It is still {self._shown}.")
        else:
            self.setValue(value)

    def _bare(self, text: str) -> str:
        """What was typed, without the words around the number."""
        text = text.strip()
        text = text.removeprefix(self._before.strip()).lstrip() if self._before else text
        for unit in self.units():
            text = text.removesuffix(unit).rstrip()
        return text

    def units(self) -> tuple[str, ...]:
        """Words that may follow the number."""
        return (self._after.strip(),)

    def _say(self, words: str) -> None:
        if self.says_below:
            if words and self.line is None:
                self.line = Refusal(self)
            if self.line is not None:
                self.line.setText(words)
                self.line.setVisible(bool(words))
        elif words and self.isVisible():
            show_tip(self.mapToGlobal(self.rect().bottomLeft()), words, self, self.rect(), 10_000)

    # Keys and mouse

    def step(self, steps: int) -> Any:
        """The number so many steps from this one, of whatever size it is."""
        raise NotImplementedError

    def stepBy(self, steps: int) -> None:
        self.take_typed()
        self.setValue(self.inside(self.step(steps)))
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        up, down = QAbstractSpinBox.StepEnabledFlag.StepUpEnabled, QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        none = QAbstractSpinBox.StepEnabledFlag.StepNone
        return (up if self._value < self._high else none) | (down if self._value > self._low else none)

    def selectAll(self) -> None:
        """The number, or the word that stands for it."""
        text = self.lineEdit().text()
        if self._is_word() or not text.endswith(self._after):
            self.lineEdit().selectAll()
        else:
            self.lineEdit().setSelection(len(self._before), len(text) - len(self._before) - len(self._after))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_key = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if by_key or self._is_word():  # a number is typed over the word
            QTimer.singleShot(0, self, self.selectAll)  # after the click that gave it the focus

    def event(self, event: QEvent) -> bool:
        """Pointed at, a number that does not fit is told whole, before the help. Ctrl+Z is for what is being typed;
        with nothing typed it is for the form."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo)
            if undo and self.lineEdit().text() == self._shown:
                event.ignore()
                return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._is_cut():
            show_tip(event.globalPos(), f"{self.lineEdit().text()}\n{self.toolTip()}".strip(), self)
            return True
        return super().event(event)

    def _is_cut(self) -> bool:
        """Whether the text is wider than its line."""
        return self.fontMetrics().horizontalAdvance(self.lineEdit().text()) > self.lineEdit().width() - 4

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        words = [f"{self._before}{self.words(end)[:ROOM]}{self._after}" for end in (self._low, self._high)]
        width = max(self.fontMetrics().horizontalAdvance(f"{word} ") for word in (*words, self.specialValueText()))
        size = QSize(width + 2, self.lineEdit().sizeHint().height())
        return self.style().sizeFromContents(QStyle.ContentsType.CT_SpinBox, option, size, self)

    minimumSizeHint = sizeHint


def take_what_is_typed() -> None:
    """Call before what is set is used: a key such as Ctrl+R leaves the focus, and what was typed, in the field."""
    field = QApplication.focusWidget()
    if isinstance(field, NumberField):
        field.take_typed()


def say_below(field: QWidget) -> None:
    """Have words under the field while what was typed into it is refused; none for what is no number."""
    if isinstance(field, NumberField):
        field.says_below = True
