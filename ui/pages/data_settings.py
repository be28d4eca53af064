"""How much of the data is used and how it is divided."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.experiment import DatasetChoice
from ui import theme
from ui.widgets.fields import Choice, CountOrAll, IntField
from ui.widgets.fold import Fold
from ui.widgets.text import Text

AUTOMATIC = (None, "Automatic")
STRATIFIED = ("stratified", "50 / 20 / 30 % of each class")
GIVEN = ("given", "As the folders say")
RANDOM = ("random-classes", "Random classes")
ALPHABETS = ("by-alphabet", "By alphabet")


class DataSettings(QWidget):
    """Labels per class, classes, split. changed: by a person, not by `fill`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.family = "finetune"
        self._source = "glyphs"
        self.labels = CountOrAll(1)
        self.classes = CountOrAll(2)
        self.split = Choice()
        self.split_seed = IntField(0, 999_999)
        self.labels.valueChanged.connect(lambda _: self.changed.emit())
        self.classes.valueChanged.connect(lambda _: self.changed.emit())
        self.split.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.split_seed.valueChanged.connect(lambda _: self.changed.emit())
        grid, more = _grid(), _grid()
        self.split_words = Text("", "small")
        self.fold = Fold("How the data is divided")
        self.fold.body.addLayout(more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(grid)
        column.addWidget(self.split_words)
        column.addWidget(self.fold)
        self._rows = {
            "labels": self._row(grid, "Labels per class", self.labels, "Labelled training images of each class."),
            "classes": self._row(grid, "Classes", self.classes, "Use only this many of the classes."),
            "split": self._row(more, "Split", self.split, "How images or classes are divided."),
            "seed": self._row(more, "Split seed", self.split_seed, "The same number: the same test set in every run."),
        }
        self._offer_splits()

    def _row(self, grid: QGridLayout, title: str, field: QWidget, help: str) -> tuple[QWidget, ...]:
        row = grid.rowCount()
        label = QLabel(title)
        label.setBuddy(field)
        field.setAccessibleName(title)
        field.setAccessibleDescription(help)
        field.setToolTip(help)
        words = Text(help, "small", "muted")
        grid.addWidget(label, row, 0)
        grid.addWidget(field, row, 1)
        grid.addWidget(words, row + 1, 0, 1, 2)
        return label, field, words

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.labels, self.classes, self.fold.button, self.split, self.split_seed

    def apply(self, choice: DatasetChoice) -> DatasetChoice:
        """The choice with these settings; labels per class only where images, not classes, are divided."""
        labels = self.labels.count() if self.family == "finetune" else None
        return choice.model_copy(update={
            "labels_per_class": labels, "classes": self.classes.count(), "split": self.split.key(),
            "split_seed": self.split_seed.value(),
        })  # fmt: skip

    def fill(self, choice: DatasetChoice) -> None:
        blockers = [QSignalBlocker(field) for field in (self.labels, self.classes, self.split, self.split_seed)]
        self.labels.set_count(choice.labels_per_class)
        self.classes.set_count(choice.classes)
        self.split_seed.setValue(choice.split_seed)
        if not self.split.set_key(choice.split):
            self.split.addItem(str(choice.split), choice.split)
            self.split.set_key(choice.split)
        for blocker in blockers:
            blocker.unblock()

    def set_family(self, family: str) -> None:
        self.family = family
        for widget in self._rows["labels"]:
            widget.setVisible(family == "finetune")
        self._offer_splits()

    def set_source(self, name: str) -> None:
        """Offer the splits that this data set can have."""
        self._source = name
        self._offer_splits()

    def _offer_splits(self) -> None:
        own = self._source in ("folder", "omniglot")
        if self.family == "finetune":
            options = [AUTOMATIC, STRATIFIED, *([GIVEN] if own else [])]
        else:
            options = [AUTOMATIC, RANDOM, *([ALPHABETS] if own else [])]
        self.split.set_options(options)


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(8)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(1, 1)
    return grid
