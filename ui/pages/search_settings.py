"""Search for the best values: on or off, how many settings and folds, and which hyperparameters are chosen."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.errors import InvalidExperiment
from engine.experiment import SearchChoice
from engine.folds import for_labels
from engine.methods.base import Method
from engine.search_space import Range, searchable, usual
from ui.widgets.fields import IntField
from ui.widgets.fold import Fold
from ui.widgets.number_field import refusal_line
from ui.widgets.text import Text
from ui.widgets.words import number

IDEA = "Tries settings by cross-validation on the training images, then trains with the best one."
DEFAULT = SearchChoice()


class SearchSettings(QWidget):
    """changed: anything of it. Hidden for methods that have nothing to search."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._method: type[Method] | None = None
        self._given: tuple[str, ...] = ()  # the order of what was filled in, which a run of that search has
        self.on = QCheckBox("Search for best values")
        self.on.setToolTip(IDEA)
        self.on.setAccessibleDescription(IDEA)
        self.trials, self.folds = IntField(1, 1000), IntField(2, 20)
        self.pruning = QCheckBox("Give up early")
        self.pruning.setToolTip("Stop trying a setting that is behind after some folds")
        self.work = Text("", "small", "muted")  # how the images are divided, and how many trainings that takes
        self._labels: int | None = None
        self.boxes: dict[str, QCheckBox] = {}
        self._settings = QWidget()
        self._lay_out()
        self._set_numbers(DEFAULT)
        self._settings.hide()
        self.on.toggled.connect(self._settings.setVisible)
        for signal in (self.on.toggled, self.pruning.toggled, self.trials.valueChanged, self.folds.valueChanged):
            signal.connect(lambda _: self._note_change())

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(8)
        fold_help = (
            "Parts of the training images; with up to five labels one image of every class is left out at a time."
        )
        for row, (title, field, help) in enumerate(
            (("Settings", self.trials, "How many settings are tried; the first is the one in the form."),
             ("Folds", self.folds, fold_help))
        ):  # fmt: skip
            label = QLabel(title)
            label.setBuddy(field)
            for widget in (label, field):
                widget.setToolTip(help)
            field.setAccessibleName(title)
            field.setAccessibleDescription(help)
            grid.addWidget(label, 2 * row, 0)
            grid.addWidget(field, 2 * row, 1)
            grid.addWidget(refusal_line(field), 2 * row + 1, 0, 1, 2)
        inside = QVBoxLayout(self._settings)
        inside.setContentsMargins(0, 4, 0, 4)
        inside.setSpacing(8)
        inside.addWidget(Text(IDEA, "small", "muted"))
        inside.addLayout(grid)
        inside.addWidget(self.work)
        inside.addWidget(self.pruning)
        inside.addWidget(Text("Values to choose", "small", "muted", bold=True, wrap=False))
        self._usual, self.others = QVBoxLayout(), Fold("Others")
        self._usual.setSpacing(4)
        inside.addLayout(self._usual)
        inside.addWidget(self.others)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.on)
        column.addWidget(self._settings)

    def tab_order(self) -> tuple[QWidget, ...]:
        first = [box for name, box in self.boxes.items() if self._is_usual(name)]
        rest = [box for name, box in self.boxes.items() if not self._is_usual(name)]
        return (self.on, self.trials, self.folds, self.pruning, *first, self.others.button, *rest)

    # What is chosen

    def set_labels(self, labels: int | None) -> None:
        """Training images of every class, None for all: they decide how many folds there are, whatever was asked."""
        self._labels = labels
        self._show_work()

    def _note_change(self) -> None:
        self._show_work()
        self.changed.emit()

    def _show_work(self) -> None:
        try:
            folds, words = for_labels(self._labels, self.folds.value())
        except InvalidExperiment:
            self.work.setText("")  # the checks say what is wrong
            return
        most = "up to " if self.pruning.isChecked() else ""
        said = words if words.startswith(str(folds)) else f"{words[:1].upper()}{words[1:]}: {folds} folds"
        self.work.setText(f"{said}; {most}{number(folds * self.trials.value())} trainings.")

    def set_method(self, method: type[Method]) -> None:
        """Offer this method's hyperparameters, the usual ones ticked."""
        if method is self._method:
            return
        self._method = method
        for row in self._settings.findChildren(RangeRow):
            row.hide()
            row.setParent(None)
            row.deleteLater()
        self.boxes = {}
        for one in searchable(method):
            row = RangeRow(one, self._is_usual(one.name))
            row.box.toggled.connect(lambda _: self.changed.emit())
            self.boxes[one.name] = row.box
            (self._usual if self._is_usual(one.name) else self.others.body).addWidget(row)
        self.setVisible(bool(self.boxes))
        self.others.setVisible(any(not self._is_usual(name) for name in self.boxes))

    def _is_usual(self, name: str) -> bool:
        return self._method is not None and name in usual(self._method)

    def choice(self) -> SearchChoice | None:
        """None when it is off; raises `InvalidExperiment` when no hyperparameter is ticked."""
        if not self.on.isChecked() or not self.boxes:
            return None
        ticked = self._ticked()
        if not ticked:
            raise InvalidExperiment("The search has nothing to choose.", "Tick at least one value.", "search")
        named = () if self._method is not None and not self._given and ticked == usual(self._method) else ticked
        return SearchChoice(
            trials=self.trials.value(), folds=self.folds.value(), parameters=named, pruning=self.pruning.isChecked()
        )

    def _ticked(self) -> tuple[str, ...]:
        """In the order that was filled in while these are the same names, else in the form's."""
        ticked = tuple(name for name, box in self.boxes.items() if box.isChecked())
        return self._given if set(ticked) == set(self._given) else ticked

    def fill(self, choice: SearchChoice | None) -> None:
        """Show this search, or none; after `set_method`. Does not emit `changed`."""
        inputs = (self.on, self.trials, self.folds, self.pruning, *self.boxes.values())
        blockers = [QSignalBlocker(one) for one in inputs]
        self.on.setChecked(choice is not None)
        self._settings.setVisible(choice is not None)
        shown = choice or DEFAULT
        self._given = shown.parameters
        self._set_numbers(shown)
        for name, box in self.boxes.items():
            box.setChecked(name in shown.parameters if shown.parameters else self._is_usual(name))
        if any(name in shown.parameters and not self._is_usual(name) for name in self.boxes):
            self.others.button.setChecked(True)
        for blocker in blockers:
            blocker.unblock()
        self._show_work()

    def _set_numbers(self, choice: SearchChoice) -> None:
        self.trials.setValue(choice.trials)
        self.folds.setValue(choice.folds)
        self.pruning.setChecked(choice.pruning)


class RangeRow(QWidget):
    """A hyperparameter to tick, with the values it may take."""

    def __init__(self, one: Range, ticked: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QCheckBox(one.label)
        self.box.setChecked(ticked)
        self.box.setToolTip(f"{one.label}: {one.words()}")
        self.box.setAccessibleDescription(one.words())
        words = Text(one.words(), "small", "muted")
        words.setContentsMargins(22, 0, 0, 0)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.box)
        column.addWidget(words)
