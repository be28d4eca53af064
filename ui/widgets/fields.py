"""Input fields whose value the mouse wheel never changes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QFocusEvent, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QDoubleSpinBox, QSpinBox, QToolTip, QWidget

LARGEST = 2_147_483_647


def select_word(field: QAbstractSpinBox) -> None:
    """Where a word stands for the least value, let a number be typed over it; call when the field gets the focus."""
    if field.specialValueText() and field.text() == field.specialValueText():
        QTimer.singleShot(0, field, field.selectAll)  # after the click that gave it the focus


class IntField(QSpinBox):
    """A whole number with bounds. steps with the arrow keys: 1, or a tenth of the size of large values."""

    def __init__(self, low: float | None, high: float | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(int(low if low is not None else 0), int(high if high is not None else LARGEST))
        self.setKeyboardTracking(False)
        self.setGroupSeparatorShown(True)
        self._unit = ""
        self.valueChanged.connect(self._follow_unit)

    def set_unit(self, unit: str) -> None:
        """A plural such as "images"; shown after the number, in the singular after 1."""
        self._unit = unit
        self._follow_unit(self.value())

    def setValue(self, value: int) -> None:
        """Also where signals are blocked, the unit follows."""
        super().setValue(value)
        self._follow_unit(self.value())

    def _follow_unit(self, value: int) -> None:
        one = re.sub("(?<=ss)es$|s$", "", self._unit)
        self.setSuffix(f" {one if value == 1 else self._unit}" if self._unit else "")

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        select_word(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def stepBy(self, steps: int) -> None:
        size = abs(self.value() + (1 if steps > 0 else -1))
        unit = max(1, 10 ** int(math.log10(size) - 1)) if size >= 20 else 1
        self.setValue(self.value() + steps * unit)


class CountOrAll(IntField):
    """A number of things, or all of them (shown as “All”, kept as None)."""

    def __init__(self, least: int, parent: QWidget | None = None) -> None:
        super().__init__(0, 1_000_000, parent)
        self._least = least
        self.setSpecialValueText("All")

    def count(self) -> int | None:
        return max(self._least, self.value()) if self.value() else None

    def set_count(self, count: int | None) -> None:
        self.setValue(count or 0)

    def stepBy(self, steps: int) -> None:
        before = self.value()
        super().stepBy(steps)
        if 0 < self.value() < self._least:
            self.setValue(self._least if self.value() > before else 0)


class FloatField(QDoubleSpinBox):
    """A number shown as briefly as it can be (0.001, 1e-05). With log the arrow keys go 1, 2, 5, 10."""

    def __init__(self, low: float | None, high: float | None, log: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self.setDecimals(12)
        self.setRange(low if low is not None else -1e12, high if high is not None else 1e12)
        self.setKeyboardTracking(False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        select_word(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def textFromValue(self, value: float) -> str:
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:
        try:
            return float(text.replace(self.suffix(), "").replace(",", ".").strip())
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        body = text.replace(self.suffix(), "").replace(",", ".").strip().lower()
        try:
            inside = self.minimum() <= float(body) <= self.maximum()
        except ValueError:
            partial = set(body) <= set("0123456789.e+-") and body.count("e") <= 1 and body.count(".") <= 1
            return (QValidator.State.Intermediate if partial else QValidator.State.Invalid), text, position
        return (QValidator.State.Acceptable if inside else QValidator.State.Intermediate), text, position

    def fixup(self, text: str) -> str:
        """A number beyond the bounds becomes the nearest one, and that is said."""
        try:
            typed = float(text.replace(self.suffix(), "").replace(",", ".").strip())
        except ValueError:
            return text
        inside = min(max(typed, self.minimum()), self.maximum())
        words = f"{'At most' if typed > inside else 'At least'} {self.textFromValue(inside)}."
        if self.isVisible():
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), words, self)
        return f"{self.textFromValue(inside)}{self.suffix()}"

    def stepBy(self, steps: int) -> None:
        if not self._log:
            self.setValue(self.value() + steps * self._unit())
            return
        value = self.value()
        for _ in range(abs(steps)):
            value = next_round(value) if steps > 0 else previous_round(value)
        self.setValue(value)

    def _unit(self) -> float:
        span = self.maximum() - self.minimum()
        return 10 ** math.floor(math.log10(span / 20)) if span < 1e6 else 1.0


def next_round(value: float) -> float:
    """The next of … 1, 2, 5, 10 … above value; from 0 the smallest that is shown, 1e-06."""
    if value <= 0:
        return 1e-6
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(float(f"{m * power:.6g}") for m in (1, 2, 5, 10) if m * power > value * (1 + 1e-9))


def previous_round(value: float) -> float:
    """The next of … 1, 2, 5, 10 … below value; 0 below 1e-06."""
    if value <= 1e-6 * (1 + 1e-9):
        return 0.0
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(float(f"{m * power:.6g}") for m in (5, 2, 1, 0.5) if m * power < value * (1 - 1e-9))


class Choice(QComboBox):
    """A list of (key, words); `key()` is what is chosen."""

    def __init__(self, options: list[tuple[object, str]] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.set_options(options or [])

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
        """Replace the list, keeping what is chosen if it is still there; says nothing if the choice stays."""
        kept = self.key()
        blocked = self.blockSignals(True)
        self.clear()
        for key, words in options:
            self.addItem(words, key)
        self.set_key(kept)
        self.blockSignals(blocked)
        if self.key() != kept and kept is not None:
            self.currentIndexChanged.emit(self.currentIndex())

    def key(self) -> object:
        return self.currentData()

    def set_key(self, key: object) -> bool:
        """Choose by key; False if the list does not have it."""
        keys = [self.itemData(index) for index in range(self.count())]
        if key not in keys:
            return False
        self.setCurrentIndex(keys.index(key))
        return True
