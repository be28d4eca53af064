"""The form of a study: question, data, arms and the grid they are run on."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QWidget

from engine.backbones import catalog
from engine.data.dataset import BUNDLED
from engine.data.sources import datasets, known
from engine.errors import ExperimentError, InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice
from engine.studies.cells import limits_all
from engine.studies.study import SOURCE, Source, Study, parse_study
from ui.new_experiment.device_choice import DeviceChoice
from ui.parts import Parts
from ui.studies.arms_editor import ArmsEditor
from ui.studies.grid_fields import (
    ShiftList,
    TypedList,
    distances_from,
    labels_from,
    labels_text,
    rates_from,
    rates_text,
)
from ui.studies.starting import beginning, begun_with, plain, reads
from ui.widgets.buttons import button
from ui.widgets.column import caption
from ui.widgets.fields import Choice, CountOrAll, IntField
from ui.widgets.frame import SlimScrollBar
from ui.widgets.layouts import in_column
from ui.widgets.number_field import say_below
from ui.widgets.quiet import QuietText
from ui.widgets.reflow import Beside

MOST_SEEDS = 30
AXES = (
    ("labels", "Label counts, as curves"),
    ("shift", "Shifts, distances and test sets, as bars"),
    ("arm", "Arms, as bars"),
    ("tasks", "Two tasks, one against the other"),
)


class StudyForm(QWidget):
    """changed: a person changed something. `study` raises `InvalidExperiment` with one sentence."""

    changed = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._base = beginning()
        self._filling = False
        self._make_fields()
        self._lay_out()
        self._connect()
        self.fill(None)

    def _make_fields(self) -> None:
        self.title = QLineEdit(maxLength=120)
        self.question = QuietText()
        self.question.setTabChangesFocus(True)
        self.question.setVerticalScrollBar(SlimScrollBar())
        self.question.setFixedHeight(4 * self.fontMetrics().lineSpacing() + 12)
        self.data = Choice()
        self.classes, self.validation = CountOrAll(2), CountOrAll(1)
        self.backbone, self.weights = Choice(), Choice()
        self.give = button("Give to all arms", "", "Every arm starts from this backbone and these weights")
        self.arms = ArmsEditor(self._parts)
        self.labels = TypedList(
            "Label counts", "Labelled examples per class (the shot of meta-learning), such as 1, 5, 20", "all"
        )
        self.shifts = ShiftList(
            "Shifts", "Every arm is trained and tested on each, such as none, noise 5", "none", True
        )
        tested = "Further test sets that nobody trains on, such as noise 3, blur 3"
        self.tested = ShiftList("Also tested on", tested, "nothing else", False)
        far = "Of test regions from training regions, such as 0, 1, 2; for data that have such regions"
        self.distances = TypedList("Distances", far, "as the data is set")
        self.seeds = IntField(1, MOST_SEEDS)
        rates = "Tried for each arm; the best on validation counts, seed by seed"
        self.rates = TypedList("Learning rates", rates, "each arm's own")
        self.all_data = QCheckBox("Label counts hold for the data of every task")
        self.all_data.setToolTip("Otherwise other data than the study's keep the labels that they were given")
        self.follow = QCheckBox("Each seed also divides the data anew")
        self.source = QCheckBox("Train a source network first, on the other half of the data")
        self.source_epochs = IntField(1, 2000)
        self.source_epochs.set_unit("epochs")
        self.figure = Choice(list(AXES))
        self.device = DeviceChoice(self._parts)

    def _lay_out(self) -> None:
        start, self.source_row = Beside(self.backbone, self.weights, self.give, least=130, spacing=8), QWidget()
        self.source_row.setLayout(self._grid(("Trained for", self.source_epochs, "From random weights, no shift")))
        in_column(
            self._grid(("Title", self.title, ""), ("Question", self.question, "")),
            caption("Data"), self._grid(
                ("Data", self.data, "Bundled data, or what New experiment is set to"),
                ("Classes", self.classes, "Use only this many of the classes"),
                ("Validation", self.validation, "Per class at most; real projects have few"),
            ),
            caption("Arms: what is compared"), self.arms,
            self._grid(("Start from", start, "What an added arm starts from")), self.source, self.source_row,
            caption("Grid: each arm is run with every one of these"), self._grid(
                ("Labels per class", self.labels, ""), ("Shifts", self.shifts, ""), ("Distances", self.distances, ""),
                ("Also tested on", self.tested, ""),
                ("Seeds", self.seeds, "More seeds give a narrower interval"), ("Learning rates", self.rates, ""),
                ("Device", self.device, "Where its runs work; a cluster works as many at a time as it has places"),
            ),
            self.all_data, self.follow, self._grid(("On the axis", self.figure, "What the figure shows")), ...,
            owner=self, gap=8, edges=(0, 0, 12, 8),
        )  # fmt: skip

    def _grid(self, *rows: tuple[str, QWidget, str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnMinimumWidth(0, 130)
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        for number, (words, field, help) in enumerate(rows):
            label = QLabel(words)
            tall = field is self.question
            grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop if tall else Qt.AlignmentFlag.AlignVCenter)
            label.setBuddy(field)
            if help:
                field.setToolTip(help)
                field.setAccessibleDescription(help)
            field.setAccessibleName(field.accessibleName() or words)
            grid.addWidget(field, number, 1)
            say_below(field)
        return grid

    def _connect(self) -> None:
        self.backbone.setAccessibleName("Backbone of added arms")
        self.weights.setAccessibleName("Weights of added arms")
        self.give.clicked.connect(lambda: self.arms.use_backbone(self.start_from()))
        self.backbone.currentIndexChanged.connect(lambda _: self._offer_weights())
        self.weights.currentIndexChanged.connect(lambda _: self._adopt_start())
        self.data.currentIndexChanged.connect(lambda _: self._follow_data())
        self.source.toggled.connect(lambda _: self._offer_weights())
        self.source.toggled.connect(self.source_row.setVisible)
        for signal in (
            self.title.textEdited, self.question.textChanged, self.data.currentIndexChanged, self.classes.valueChanged,
            self.validation.valueChanged, self.arms.changed, self.labels.changed, self.shifts.changed,
            self.distances.changed, self.tested.changed, self.seeds.valueChanged, self.rates.changed,
            self.follow.toggled, self.source.toggled, self.source_epochs.valueChanged, self.figure.currentIndexChanged,
            self.device.currentIndexChanged, self.all_data.toggled,
        ):  # fmt: skip
            signal.connect(self._say_changed)

    def _follow_data(self) -> None:
        """Offer the shifts that such data have, and networks that read them."""
        data = self._chosen_data()
        source = known(data.name)
        for shifts in (self.shifts, self.tested):
            shifts.show_kinds(source.kind if source is not None else "images")
        if self._filling:
            return
        begun = begun_with(data)
        if not reads(self.start_from(), data):
            self._show_start(begun)
        self.arms.fit(data, begun)

    def _say_changed(self, *_: object) -> None:
        if not self._filling:
            self.changed.emit()

    # Filling

    def fill(self, study: Study | None) -> None:
        """Show this study; None: what a study of one's own begins with."""
        self._filling = True
        study = self._base = study or beginning()
        self.title.setText(study.title)
        self.title.setCursorPosition(0)  # a long one is read from its beginning
        self.question.setPlainText(study.description)
        self._offer_data(study.dataset)
        self.classes.set_count(study.dataset.classes)
        self.validation.set_count(study.dataset.validation_per_class)
        self.source.setChecked(study.source is not None)
        self.source_row.setVisible(study.source is not None)
        epochs = study.source.method.hyperparameters.get("epochs", 20) if study.source else 20
        self.source_epochs.setValue(epochs)
        self.arms.set_arms(study.arms)
        self._show_start(study.arms[-1].backbone)
        self.labels.setText(labels_text(study.labels))
        self.shifts.set_shifts(study.shifts)
        self.distances.setText(rates_text(study.distances))
        self.tested.set_shifts(study.dataset.tested_on)
        self.seeds.setValue(len(study.seeds))
        self.rates.setText(rates_text(study.learning_rates))
        self.follow.setChecked(study.splits_follow_seed)
        self.all_data.setChecked(limits_all(study))
        self.all_data.setVisible(any(task.dataset is not None for task in study.tasks))
        self.figure.set_key(study.figure)
        self.device.show_device(study.device)
        self._filling = False
        self.changed.emit()

    def _offer_data(self, dataset: DatasetChoice) -> None:
        """Bundled data, the study's own, and what New experiment is set to."""
        found: dict[tuple[str, str | None], str] = {
            (info.name, None): info.title for info in datasets() if info.where == BUNDLED
        }
        for choice in (dataset, self._current_dataset()):
            if choice is not None:
                found.setdefault((choice.name, choice.path), choice.path or choice.name.capitalize())
        self.data.set_options(list(found.items()))
        self.data.set_key((dataset.name, dataset.path))
        self._follow_data()

    def _current_dataset(self) -> DatasetChoice | None:
        current = self._parts.navigator.current
        try:
            return current().dataset if current is not None else None
        except ExperimentError:
            return None

    def _show_start(self, backbone: BackboneChoice) -> None:
        self._start = backbone
        self.backbone.set_options([(info.name, info.title) for info in catalog.backbones()])
        self.backbone.set_key(backbone.name)
        self._offer_weights()
        self.weights.set_key(backbone.weights)
        self._adopt_start()

    def _offer_weights(self) -> None:
        name = str(self.backbone.key() or "conv4")
        options: list[tuple[object, str]] = [(info.name, info.title) for info in catalog.weights(name)]
        if self.source.isChecked():
            options.insert(0, (SOURCE, "The study's source"))
        if self._start.name == name and self._start.weights.startswith("run:"):
            options.append((self._start.weights, f"Run {self._start.weights.removeprefix('run:')}"))
        self.weights.set_options(options)
        self._adopt_start()

    def _adopt_start(self) -> None:
        self.arms.backbone = self.start_from()

    def start_from(self) -> BackboneChoice:
        """What an added arm starts from; the source's head is kept, as its classes are the same."""
        name, weights = str(self.backbone.key()), str(self.weights.key() or "random")
        size = self._start.image_size if name == self._start.name else None
        head = "kept" if weights == SOURCE else "new"
        choice = BackboneChoice.model_validate({"name": name, "weights": weights, "head": head, "image_size": size})
        if weights == self._start.weights:  # of a saved run, whose folder is not looked at here
            return choice.model_copy(update={"preparation": self._start.preparation})
        return catalog.as_pretrained(choice)

    # What is set

    def _chosen_data(self) -> DatasetChoice:
        """The study's own, or others with what they are begun with."""
        chosen, key = self._base.dataset, self.data.key()
        if isinstance(key, tuple | list) and tuple(key) != (chosen.name, chosen.path):
            return DatasetChoice(name=key[0], path=key[1])
        return chosen

    def study(self) -> Study:
        """The study as it is set; raises `InvalidExperiment`."""
        dataset = self._chosen_data().model_copy(update={
            "classes": self.classes.count(), "validation_per_class": self.validation.count(),
            "tested_on": tuple(shift for shift in self.tested.shifts() if shift is not None),
        })  # fmt: skip
        seeds = self._base.seeds if len(self._base.seeds) == self.seeds.value() else tuple(range(self.seeds.value()))
        changes: dict[str, Any] = {
            "title": self.title.text().strip(), "description": self.question.toPlainText().strip(), "dataset": dataset,
            "arms": self.arms.arms(), "labels": labels_from(self.labels.text()),
            "shifts": self.shifts.shifts() or (None,), "distances": distances_from(self.distances.text()),
            "seeds": seeds, "learning_rates": rates_from(self.rates.text()),
            "splits_follow_seed": self.follow.isChecked(), "source": self._source(), "figure": self.figure.key(),
            "device": self.device.device(),
            "labels_of": "every task's data" if self.all_data.isChecked() else "own data",
        }  # fmt: skip
        if not changes["title"]:
            raise InvalidExperiment("The study has no title.", "Type one.", "title")
        if not changes["arms"]:
            raise InvalidExperiment("The study has no arms.", "Add at least one.", "arms")
        kept = self._base.model_dump(include={"name", "precision", "budget", "tasks"})
        body = {key: plain(value) for key, value in {**kept, **changes}.items()}
        return parse_study(body)

    def _source(self) -> Source | None:
        """The study's own source with the epochs that are set, or one of the arms' backbone."""
        if not self.source.isChecked():
            return None
        arm = next((arm for arm in self.arms.arms() if arm.starts_from_source), None)
        backbone = (arm.backbone if arm else self.start_from()).model_copy(update={"weights": "random", "head": "new"})
        kept = self._base.source
        source = kept if kept is not None and kept.backbone.name == backbone.name else Source(backbone=backbone)
        values = source.method.hyperparameters | {"epochs": self.source_epochs.value()}
        return source.model_copy(update={"method": source.method.model_copy(update={"hyperparameters": values})})
