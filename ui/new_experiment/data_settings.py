"""How much of the data is used and how it is divided."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.data.dataset import DataSet
from engine.data.sources import known, sets
from engine.experiment import DatasetChoice
from engine.families import FINE_TUNING, named
from engine.given import MOST_SEED
from engine.registry import own_fields
from ui import theme
from ui.new_experiment.data_cards import choice_of, key_of
from ui.new_experiment.hyperparameter_form import HyperparameterForm
from ui.new_experiment.shift_settings import ShiftSettings
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import Choice, CountOrAll, IntField
from ui.widgets.fold import Fold
from ui.widgets.layouts import in_column
from ui.widgets.reset_mark import fill, on_change, refresh_marks
from ui.widgets.text import TextPlace

Counts = tuple[int | None, int | None]  # labels per class and classes, None for all
Left = tuple[Counts, Mapping[str, object]]  # and the settings that a data set alone has
START = DatasetChoice(name="glyphs", classes=40, labels_per_class=2)  # what a newcomer sees first
AUTOMATIC = (None, "Automatic")
STRATIFIED = ("stratified", "50 / 20 / 30 % of each class")
RANDOM = ("random-classes", "Random classes")
COPIES: list[tuple[object, str]] = [
    (None, "As they are"),
    ("copies", "Without copies of what is learnt from"),
    ("look-alikes", "Also without look-alikes"),
]
PARTS: list[tuple[object, str]] = [(None, "All"), ("source half", "Source half"), ("target half", "Target half")]
SETTING_OF = {
    "labels": "labels_per_class",
    "part": "part",
    "validation": "validation_per_class",
    "copies": "leave_out",
}  # by row


class DataSettings(QWidget):
    """Labels per class, classes, shifts, split. changed: by a person, not by `fill`."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.family = FINE_TUNING
        self._given = DatasetChoice()  # what was filled in
        self._source: DataSet | None = known(START.name)
        self.labels, self.classes, self.validation = CountOrAll(1), CountOrAll(2), CountOrAll(1)
        self.split, self.part, self.copies = Choice(), Choice(PARTS), Choice(COPIES)
        self.split_seed = IntField(0, MOST_SEED)
        self.own = {
            one.name: HyperparameterForm(own_fields(one.Choice), dense=True) for one in sets() if one.Choice.own()
        }
        self.split_words = TextPlace("", "small", lines=2)
        self.shift = ShiftSettings()
        self.fold = Fold("How the data is divided")
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        in_column(*self.own.values(), self.shift, self.fold, owner=self, gap=theme.GRID, edges=(0, 8, 0, 0))
        self.first = QWidget()  # stands where it is always in sight
        in_column(self._first_fields(), self.split_words, owner=self.first, gap=theme.GRID, edges=(0, 8, 0, 0))
        for own in self.own.values():
            own.hide()
        self.fold.body.addLayout(self._more_fields())
        self._connect()
        self._offer_splits()

    def _first_fields(self) -> FieldGrid:
        grid = FieldGrid(dense=True)
        labels, classes = "Labelled training examples of each class.", "Use only this many of the classes."
        self._rows["labels"] = grid.add("Labels per class", self.labels, labels, lambda: self._usual_counts()[0])
        self._rows["classes"] = grid.add("Classes", self.classes, classes, lambda: self._usual_counts()[1])
        return grid

    def _more_fields(self) -> FieldGrid:
        grid = FieldGrid()
        half = "Half of each class: one run learns from the source half, the next from the target half."
        fewer = "Use at most this many to validate; the others are left out."
        self._rows["split"] = grid.add("Split", self.split, "How examples or classes are divided.", lambda: None)
        grid.add("Split seed", self.split_seed, "The same number: the same test set in every run.", lambda: 0)
        self._rows["part"] = grid.add("Part used", self.part, half, lambda: None)
        copies = "Test examples that are copies of what is learnt from make a figure look better than it is."
        self._rows["copies"] = grid.add("Test examples", self.copies, copies, lambda: None)
        self._rows["validation"] = grid.add("Validation per class", self.validation, fewer, lambda: 0)
        return grid

    def _connect(self) -> None:
        fields = (self.labels, self.classes, self.validation, self.split_seed, self.split, self.part, self.copies)
        on_change(self.changed.emit, *fields)
        for own in self.own.values():
            own.changed.connect(self.changed)
        self.shift.changed.connect(self.changed)

    def _usual_counts(self) -> tuple[int, int]:
        """Labels and classes that a data set begins with; 0 stands for all."""
        return (START.labels_per_class or 0, START.classes or 0) if self._is(START.name) else (0, 0)

    def tab_order(self) -> tuple[QWidget, ...]:
        divided = (self.fold.button, self.split, self.split_seed, self.part, self.copies, self.validation)
        own = (widget for form in self.own.values() for widget in form.tab_order())
        return *own, *self.shift.tab_order(), *divided

    def open_own(self) -> QWidget | None:
        """Show all settings of the chosen data set alone, for one that cannot be read as it is; None without any."""
        form = self.own.get(self._source.name) if self._source is not None else None
        for fold in form.folds.values() if form is not None else ():
            fold.button.setChecked(True)
        return form

    def _is(self, name: str) -> bool:
        return self._source is not None and self._source.name == name

    def apply(self, choice: DatasetChoice) -> DatasetChoice:
        """The choice with what is shown here; what is not shown for it stays as it was filled in."""
        filled = (self._given.name, self._given.path) == (choice.name, choice.path)
        shown: dict[str, object] = {"split_seed": self.split_seed.value()}
        if choice.name in self.own:
            shown |= self.own[choice.name].values()
        if not self._has_numbers:
            shown["split"] = self.split.key()
            read = {"labels_per_class": self.labels.count(), "part": self.part.key(),
                    "validation_per_class": self.validation.count(), "leave_out": self.copies.key(),
                    "shift": self.shift.shift(), "tested_on": self.shift.table.chosen()}  # fmt: skip
            shown |= {name: value for name, value in read.items() if name in self.family.data_settings}
        if self._has_classes:
            shown["classes"] = self.classes.count()
        return (self._given if filled else choice).model_copy(update=shown)

    def fill(self, choice: DatasetChoice) -> None:
        self._given = choice
        fill({
            self.validation: choice.validation_per_class or 0, self.split_seed: choice.split_seed,
            self.part: choice.part, self.copies: choice.leave_out, self.split: choice.split,
        })  # fmt: skip
        self.take_up((choice.labels_per_class, choice.classes), vars(choice))
        self.shift.fill(choice)
        if choice.part or choice.validation_per_class or choice.leave_out:
            self.fold.button.setChecked(True)

    def left(self) -> Left:
        """What is set of the chosen data set alone."""
        form = self.own.get(self._source.name) if self._source is not None else None
        return (self.labels.count(), self.classes.count()), {} if form is None else form.values()

    def take_up(self, counts: Counts, values: Mapping[str, object]) -> None:
        """As a data set was left. Without a word to others: a choice of other data says so itself."""
        fill({self.labels: counts[0] or 0, self.classes: counts[1] or 0})
        for form in self.own.values():
            form.fill(values)
            if form.values() != form.defaults():
                for fold in form.folds.values():
                    fold.button.setChecked(True)

    def set_family(self, key: str) -> bool:
        """Another family does without what is set for this one alone; true where it takes the data otherwise."""
        before, self.family = self.family, named(key)
        reads = self.family.data_settings
        if (before.divides, before.data_settings) == (self.family.divides, reads):
            return False
        self._given = choice_of(key_of(self._given))
        for row, setting in SETTING_OF.items():
            for widget in self._rows[row]:
                widget.setVisible(setting in reads)
        self.shift.setVisible("shift" in reads)
        self._offer_splits()
        return True

    def set_source(self, name: str) -> None:
        """Offer the splits that this data set can have."""
        self._source = known(name)
        self.shift.show_kinds(self._source.kind if self._source else "images")
        for key, own in self.own.items():
            own.setVisible(key == name)
        for widget in self._rows["classes"]:
            widget.setVisible(self._has_classes)
        for widget in self._rows["split"]:
            widget.setVisible(not self._has_numbers)
        self._offer_splits()
        for part in (self, self.first):
            refresh_marks(part)

    @property
    def _has_numbers(self) -> bool:
        return self._source is not None and self._source.drawn is not None

    @property
    def _has_classes(self) -> bool:
        """Not where a part of the classes, such as covers in regions, would tear episodes apart, nor without labels."""
        if self._source is None:
            return True
        labelled = self._source.Choice(name=self._source.name).labelled
        return labelled and not (self._has_numbers or self._source.for_tasks)

    def _offer_splits(self) -> None:
        given = [self._source.given] if self._source is not None and self._source.given else []
        groups = self._source.groups if self._source is not None else ()
        by_image = self.family.divides == "images"
        self.split.set_options([AUTOMATIC, STRATIFIED, *given] if by_image else [AUTOMATIC, RANDOM, *groups])
