"""Input fields whose value the mouse wheel never changes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QWidget

from engine.comparison.wording import compact
from ui.widgets.number_field import NumberField
from ui.widgets.typed_numbers import read_float, read_int

LARGEST = 2_147_483_647


class IntField(NumberField):
    """A whole number with bounds. steps with the arrow keys: 1, or a tenth of the size of large values."""

    def __init__(self, low: float | None, high: float | None, parent: QWidget | None = None) -> None:
        least = int(low if low is not None else 0)
        self._unit = ""
        super().__init__(least, int(high if high is not None else LARGEST), least, parent)

    def set_unit(self, unit: str) -> None:
        """A plural such as "images"; shown after the number, in the singular after 1."""
        self._unit = unit
        self.setValue(self.value())

    def setValue(self, value: int) -> None:
        """Also where signals are blocked, the unit follows."""
        self._after = f" {self._singular() if value == 1 else self._unit}" if self._unit else ""
        super().setValue(value)

    def _singular(self) -> str:
        return re.sub("(?<=ss)es$|s$", "", self._unit)

    def units(self) -> tuple[str, ...]:
        return self._unit, self._singular()

    def words(self, value: int) -> str:
        return f"{value:,}"

    def read(self, text: str) -> int:
        return read_int(text, self.minimum(), self.maximum(), self.words)

    def step(self, steps: int) -> int:
        size = abs(self.value() + (1 if steps > 0 else -1))
        return self.value() + steps * (max(1, 10 ** int(math.log10(size) - 1)) if size >= 20 else 1)


class CountOrAll(IntField):
    """A number of things, or all of them (shown as “All”, kept as None)."""

    def __init__(self, least: int, parent: QWidget | None = None) -> None:
        self._least = least
        super().__init__(0, LARGEST, parent)
        self.setSpecialValueText("All")

    def count(self) -> int | None:
        return self.value() or None

    def set_count(self, count: int | None) -> None:
        self.setValue(count or 0)

    def read(self, text: str) -> int:
        return read_int(text, self._least, self.maximum(), self.words) if text != "0" else 0

    def step(self, steps: int) -> int:
        wanted = super().step(steps)
        return wanted if wanted <= 0 or wanted >= self._least else self._least if steps > 0 else 0


class FloatField(NumberField):
    """A number shown as briefly as it can be (0.001, 1e-5). With log the arrow keys go 1, 2, 5, 10."""

    def __init__(self, low: float | None, high: float | None, log: bool = False, parent: QWidget | None = None) -> None:
        self._log = log
        least, most = low if low is not None else -1e12, high if high is not None else 1e12
        super().__init__(least, most, min(max(0.0, least), most), parent)

    def words(self, value: float) -> str:
        return compact(value)

    def read(self, text: str) -> float:
        return read_float(text, self.minimum(), self.maximum(), self.words)

    def step(self, steps: int) -> float:
        value = self.value()
        if not self._log:
            return round(value + steps * self._unit(), 12)
        for _ in range(abs(steps)):
            value = next_round(value) if steps > 0 else previous_round(value)
        return value

    def _unit(self) -> float:
        span = self.maximum() - self.minimum()
        return 10 ** math.floor(math.log10(span / 20)) if span < 1e6 else 1.0


def next_round(value: float) -> float:
    """The next of … 1, 2, 5, 10 … above value; from 0 the smallest that is shown, 1e-6."""
    if value <= 0:
        return 1e-6
    power = 10.0 ** math.floor(math.log10(value) + 1e-9)
    return next(float(f"{m * power:.6g}") for m in (1, 2, 5, 10) if m * power > value * (1 + 1e-9))


def previous_round(value: float) -> float:
    """The next of … 1, 2, 5, 10 … below value; 0 below 1e-6."""
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

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """Words that have no room end in an ellipsis."""
        super().initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self)
        words = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room.width() - 4)
        option.currentText = words

    def set_options(self, options: Sequence[tuple[object, str]]) -> None:
        """Replace the list, keeping what is chosen if it is still there; says nothing if the choice stays."""
        kept = self.key()
        with QSignalBlocker(self):
            self.clear()
            for key, words in options:
                self.addItem(words, key)
            self.set_key(kept)
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
