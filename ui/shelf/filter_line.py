"""The fields above a long list that leave some of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from ui.shelf.list_line import Filter, Test
from ui.widgets.fields import Choice
from ui.widgets.reflow import FlowLayout

LETTERS = 12  # of a field, at most


class FilterLine(QWidget):
    """changed: other tests."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Choice] = {}
        self.boxes: dict[str, QCheckBox] = {}
        self._filters: dict[str, Filter] = {}
        self._tests: dict[str, Test] = {}
        self._line = FlowLayout(owner=self, spacing=8)

    def add_box(self, title: str, tip: str, test: Test) -> QCheckBox:
        box = QCheckBox(title)
        box.setToolTip(tip)
        box.toggled.connect(lambda _: self.changed.emit())
        self.boxes[title], self._tests[title] = box, test
        self._line.addWidget(box)
        return box

    def show_filters(self, filters: Sequence[Filter]) -> None:
        """Their answers may be others than before; what is chosen stays if there still is such an answer."""
        for one in filters:
            self._filters[one.title] = one
            field = self.fields.get(one.title) or self._add_field(one.title)
            field.set_options([(words, words) for words, _ in one.options])

    def _add_field(self, title: str) -> Choice:
        field = Choice()
        field.setMinimumContentsLength(LETTERS)
        field.setAccessibleName(title)
        field.setToolTip(title)
        field.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.fields[title] = field
        self._line.addWidget(field)
        field.show()
        return field

    def tests(self) -> Iterable[Test]:
        for title, field in self.fields.items():
            if field.currentIndex() > 0:
                yield dict(self._filters[title].options)[str(field.key())]
        for title, box in self.boxes.items():
            if box.isChecked():
                yield self._tests[title]

    def clear(self) -> None:
        """Everything passes again."""
        for field in self.fields.values():
            field.setCurrentIndex(0)
        for box in self.boxes.values():
            box.setChecked(False)
