"""How much of the data is used and how it is divided."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.data.sources import REGRESSION
from engine.experiment import DatasetChoice
from engine.families import FINE_TUNING, named
from engine.given import MOST_SEED
from ui import theme
from ui.new_experiment.shift_settings import ShiftSettings
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import Choice, CountOrAll, FloatField, IntField
from ui.widgets.fold import Fold
from ui.widgets.reset_mark import refresh_marks
from ui.widgets.text import Place

START = DatasetChoice(name="glyphs", classes=40, labels_per_class=2)  # what a newcomer sees first
USUAL = DatasetChoice()
AUTOMATIC = (None, "Automatic")
STRATIFIED = ("stratified", "50 / 20 / 30 % of each class")
GIVEN = ("given", "As the folders say")
PUBLISHED = ("given", "As published")
RANDOM = ("random-classes", "Random classes")
ALPHABETS = ("by-alphabet", "By alphabet")
REGIONS = ("by-region", "By region")
PARTS: list[tuple[object, str]] = [(None, "All"), ("source half", "Source half"), ("target half", "Target half")]
WITHOUT_CLASSES = frozenset({"regions"})  # of the classes, covers in regions, a part would tear episodes apart
SETTING_OF = {"labels": "labels_per_class", "part": "part", "validation": "validation_per_class"}  # by row


class DataSettings(QWidget):
    """Labels per class, classes, shifts, split. changed: by a person, not by `fill`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.family = FINE_TUNING
        self._given = DatasetChoice()  # what was filled in
        self._source = "glyphs"
        self.labels, self.classes, self.validation = CountOrAll(1), CountOrAll(2), CountOrAll(1)
        self.split, self.part = Choice(), Choice(PARTS)
        self.split_seed = IntField(0, MOST_SEED)
        self.distance = FloatField(0.0, 3.0)
        self.frequency = QCheckBox("Frequency varies")
        self.frequency.setAccessibleName("Frequency varies")
        self.frequency.setToolTip("Curves of different frequencies, from 0.8 to 1.2, instead of 1 alone")
        self.split_words = Place("", "small", lines=2)
        self.shift = ShiftSettings()
        self.fold = Fold("How the data is divided")
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.frequency)
        self.frequency.hide()
        column.addLayout(self._first_fields())
        for widget in (self.split_words, self.shift, self.fold):
            column.addWidget(widget)
        self.fold.body.addLayout(self._more_fields())
        self._connect()
        self._offer_splits()

    def _first_fields(self) -> FieldGrid:
        grid = FieldGrid()
        far = "How far test regions lie from training regions; 0: all regions are alike, above 1: farther than those."
        self._rows["distance"] = grid.add("Distance of regions", self.distance, far, lambda: USUAL.distance)
        for widget in self._rows["distance"]:
            widget.hide()
        labels, classes = "Labelled training images of each class.", "Use only this many of the classes."
        self._rows["labels"] = grid.add("Labels per class", self.labels, labels, lambda: self._usual_counts()[0])
        self._rows["classes"] = grid.add("Classes", self.classes, classes, lambda: self._usual_counts()[1])
        return grid

    def _more_fields(self) -> FieldGrid:
        grid = FieldGrid()
        half = "Half of each class: one run learns from the source half, the next from the target half."
        fewer = "Use at most this many images to validate; the others are left out."
        self._rows["split"] = grid.add("Split", self.split, "How images or classes are divided.", lambda: None)
        grid.add("Split seed", self.split_seed, "The same number: the same test set in every run.", lambda: 0)
        self._rows["part"] = grid.add("Images used", self.part, half, lambda: None)
        self._rows["validation"] = grid.add("Validation images per class", self.validation, fewer, lambda: 0)
        return grid

    def _connect(self) -> None:
        for number in (self.labels, self.classes, self.validation, self.split_seed, self.distance):
            number.valueChanged.connect(lambda _: self.changed.emit())
        for choice in (self.split, self.part):
            choice.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.frequency.toggled.connect(lambda _: self.changed.emit())
        self.shift.changed.connect(self.changed)

    def _usual_counts(self) -> tuple[int, int]:
        """Labels and classes that a data set begins with; 0 stands for all."""
        return (START.labels_per_class or 0, START.classes or 0) if self._source == START.name else (0, 0)

    def tab_order(self) -> tuple[QWidget, ...]:
        divided = (self.fold.button, self.split, self.split_seed, self.part, self.validation)
        return self.frequency, self.distance, self.labels, self.classes, *self.shift.tab_order(), *divided

    def apply(self, choice: DatasetChoice) -> DatasetChoice:
        """The choice with what is shown here; what is not shown for it stays as it was filled in."""
        filled = (self._given.name, self._given.path) == (choice.name, choice.path)
        shown: dict[str, object] = {"split_seed": self.split_seed.value()}
        if self._source in REGRESSION:
            shown["vary_frequency"] = self.frequency.isChecked()
        else:
            shown["split"] = self.split.key()
            if self._source not in WITHOUT_CLASSES:
                shown["classes"] = self.classes.count()
        if self._source == "regions":
            shown["distance"] = self.distance.value()
        if self._source not in REGRESSION:
            read = {"labels_per_class": self.labels.count(), "part": self.part.key(),
                    "validation_per_class": self.validation.count(),
                    "shift": self.shift.shift(), "tested_on": self.shift.table.chosen()}  # fmt: skip
            shown |= {name: value for name, value in read.items() if name in self.family.data_settings}
        return (self._given if filled else choice).model_copy(update=shown)

    def fill(self, choice: DatasetChoice) -> None:
        fields = (self.labels, self.classes, self.validation, self.split, self.split_seed, self.part, self.distance)
        blockers = [QSignalBlocker(field) for field in (*fields, self.frequency)]
        self._given = choice
        self.labels.set_count(choice.labels_per_class)
        self.classes.set_count(choice.classes)
        self.validation.set_count(choice.validation_per_class)
        self.split_seed.setValue(choice.split_seed)
        self.part.set_key(choice.part)
        self.distance.setValue(choice.distance)
        self.frequency.setChecked(choice.vary_frequency)
        if not self.split.set_key(choice.split):
            self.split.addItem(str(choice.split), choice.split)
            self.split.set_key(choice.split)
        for blocker in blockers:
            blocker.unblock()
        self.shift.fill(choice)
        refresh_marks(self)
        if choice.part or choice.validation_per_class:
            self.fold.button.setChecked(True)

    def counts(self) -> tuple[int | None, int | None]:
        """Labels per class and classes, None for all."""
        return self.labels.count(), self.classes.count()

    def set_counts(self, labels: int | None, classes: int | None) -> None:
        """Without a word to others: a choice of other data says so itself."""
        blockers = [QSignalBlocker(field) for field in (self.labels, self.classes)]
        self.labels.set_count(labels)
        self.classes.set_count(classes)
        for blocker in blockers:
            blocker.unblock()
        refresh_marks(self)

    def set_family(self, key: str) -> bool:
        """Another family does without what is set for this one alone; true where it takes the data otherwise."""
        before, self.family = self.family, named(key)
        reads = self.family.data_settings
        if (before.divides, before.data_settings) == (self.family.divides, reads):
            return False
        self._given = DatasetChoice(name=self._given.name, path=self._given.path)
        for row, setting in SETTING_OF.items():
            for widget in self._rows[row]:
                widget.setVisible(setting in reads)
        self.shift.setVisible("shift" in reads)
        self._offer_splits()
        return True

    def set_source(self, name: str) -> None:
        """Offer the splits that this data set can have."""
        self._source = name
        for widget in self._rows["distance"]:
            widget.setVisible(name == "regions")
        self.frequency.setVisible(name in REGRESSION)
        for widget in self._rows["classes"]:
            widget.setVisible(name not in REGRESSION | WITHOUT_CLASSES)
        for widget in self._rows["split"]:
            widget.setVisible(name not in REGRESSION)
        self._offer_splits()
        refresh_marks(self)

    def _offer_splits(self) -> None:
        own = self._source in ("folder", "omniglot")
        given = [PUBLISHED] if self._source == "mnist" else [GIVEN] if own else []
        if self.family.divides == "images":
            options = [AUTOMATIC, STRATIFIED, *given]
        else:
            groups = {"omniglot": [ALPHABETS], "regions": [REGIONS], "folder": [REGIONS]}.get(self._source, [])
            options = [AUTOMATIC, RANDOM, *groups]
        self.split.set_options(options)
