"""Third column of New experiment: the method, what it does to each block, and its hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine import registry
from engine.backbones.info import BackboneInfo
from engine.data.dataset import Start
from engine.data.sources import is_regression, kind_of
from engine.experiment import BackboneChoice, MethodChoice
from engine.families import FAMILIES
from engine.method import are_trained
from engine.pretraining.method import asks_of
from engine.spoken import said_of
from ui.new_experiment.around import Around
from ui.new_experiment.augmentation_preview import AugmentationPreview
from ui.new_experiment.fields_said import POINTLESS, of_data, pointless_for_texts
from ui.new_experiment.hyperparameter_form import HyperparameterForm
from ui.new_experiment.layers_part import LayersPart
from ui.new_experiment.method_choices import MethodChoices, list_of, listed
from ui.new_experiment.preset_row import PresetRow
from ui.new_experiment.schedule_curve import ScheduleCurve
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.choice_list import ChoiceList
from ui.widgets.column import Column
from ui.widgets.problem import Problem
from ui.widgets.text import TextPlace

START = "lp_ft"
CHANGES = "augmentation"  # how images are changed where labels are learnt from
NOT_COUNTED = "The time limit says how long it trains."


class MethodSection(Column):
    """changed: another method or other hyperparameters. family_changed: the key of its family."""

    changed = Signal()
    family_changed = Signal(str)

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__("Method", 3, parent)
        self._parts = parts
        self._methods = {method.name: method for method in registry.methods()}
        self._name = ""  # until the first is chosen
        self._info: BackboneInfo | None = None  # of the last network that is known
        self._around: Around | None = None
        self._start = BackboneChoice()  # what it starts from, by which usual values differ
        self._drawn: object = None  # all that the column shows depends on
        self._last = {one.key: one.start for one in listed()}
        self.choices = MethodChoices(self._methods.values())
        self.cards, self.families = self.choices.cards, self.choices.families
        self.body.addWidget(self.choices)
        self.problem = Problem()
        self.idea = TextPlace("", lines=3)
        self.paper = TextPlace("", "small", "muted", lines=3)
        tip = "Two drawings: a graphical model, and a network that reads a data set (Shift+F1)"
        self.explain = button("How it is seen", "help", tip, parts.navigator.explain.emit)
        self.layers = LayersPart()
        self.curve, self.augmented = ScheduleCurve(self), AugmentationPreview(parts, self)
        for widget in (self.idea, self.paper, self.explain):
            self.body.addWidget(widget)
        self.foot.addWidget(self.layers)  # in sight wherever the values are scrolled to
        self.notice.add(self.problem, *self.layers.said())
        self._values_row = PresetRow()
        self.presets, self.reset = self._values_row.choice, self._values_row.reset
        self._values_row.wanted.connect(self._set_values)
        self.body.addWidget(self._values_row)
        self._form_place = QVBoxLayout()
        self.body.addLayout(self._form_place)
        self.finish()
        self.form = HyperparameterForm(())
        self.choices.chosen.connect(self.choose)
        self.choices.family_wanted.connect(lambda family: self.choose(self._first_of(family)))
        self.layers.changed.connect(self._note_change)
        self.choose(START)

    def _first_of(self, family: str) -> str:
        """The method of this list that was chosen last, or the first one that asks its question of such data."""
        name, around = self._last[family], self._around
        if around is None or asks_of(self._methods[name], kind_of(around.data)):
            return name
        others = (one for one in self._methods.values() if list_of(one) == family)
        return next((one.name for one in others if asks_of(one, kind_of(around.data))), name)

    # What is chosen

    @property
    def method(self) -> Any:
        """The class of the chosen method."""
        return self._methods[self._name]

    @property
    def list(self) -> ChoiceList:
        """The methods of the family that is shown."""
        return self.choices.list_of(self._name)

    def tab_order(self) -> tuple[QWidget, ...]:
        own = (self.explain, *self.layers.tab_order(), self.presets, self.reset)
        return (*self.choices.tab_order(self._name), *own, *self.form.tab_order())

    def choice(self) -> MethodChoice:
        """The method with all its hyperparameters."""
        return MethodChoice(name=self._name, hyperparameters=self._values())

    def _values(self) -> dict[str, Any]:
        layers = {"layers": self.layers.edits()} if FAMILIES[self.method.family].layered else {}
        return {**self.form.values(), **layers}

    def fill(self, choice: MethodChoice, backbone: BackboneChoice) -> None:
        """Show this choice, which goes with this network; an unknown method raises `InvalidExperiment`."""
        registry.method(choice.name)
        self._start = backbone
        self.layers.fill(choice.hyperparameters.get("layers", {}))
        if choice.name == self._name and self._fields() == self._offered:  # the form and its focus stay
            self.form.fill(choice.hyperparameters)
            self._offer_presets()
            self._note_change()
        else:
            self._show_method(choice.name, choice.hyperparameters)

    def choose(self, name: str) -> None:
        """Show a method with its usual values."""
        if name == self._name:
            return
        wanted = self._usual(name)
        if self._name:
            self.layers.leave(self.method.title, self._usual(self._name).get("layers", {}), wanted.get("layers", {}))
        self._show_method(name, wanted)

    def _show_method(self, name: str, values: Mapping[str, Any]) -> None:
        self._name = name
        family = FAMILIES[self.method.family]
        self._last[list_of(self.method)] = name
        self.choices.show_choice(name)
        self._show_idea()
        self.explain.setVisible(family.divides == "classes")
        self.paper.setText(self.method.source())
        self._make_form(values)
        self._offer_presets()
        self.family_changed.emit(family.key)
        self._note_change()

    def _show_idea(self) -> None:
        self.idea.setText(said_of(self.method.idea, "texts" if self._texts else ""))

    # The form

    @property
    def _curves(self) -> bool:
        """Whether tasks are curves."""
        return self._around is not None and is_regression(self._around.data)

    @property
    def _texts(self) -> bool:
        """Whether texts are learnt from."""
        return self._around is not None and kind_of(self._around.data) == "texts"

    def _usual(self, name: str) -> dict[str, Any]:
        """What a method begins with from these weights."""
        return registry.usual_values(Start(), name, self._start)

    def _all_usual(self) -> dict[str, Any]:
        """Of the chosen method every value, as it is usual from these weights."""
        defaults = {field.name: field.default for field in self._fields()}
        layers: dict[str, Any] = {"layers": {}} if FAMILIES[self.method.family].layered else {}
        return {**defaults, **layers, **self._usual(self._name)}

    def _fields(self) -> tuple[registry.HyperparameterField, ...]:
        blocks = self._info.block_names if self._info is not None else ()
        fields = registry.fields(self.method, blocks, are_trained(self._start.weights))
        around = self._around
        return fields if around is None else of_data(around.begun(fields, self._name), around.data)

    def _pointless(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Fields that are not shown for such data and such a network."""
        if self._curves:
            return POINTLESS
        still = frozenset({"batch_norm"}) if self._info is not None and not self._info.batch_norm else frozenset()
        return still | pointless_for_texts(values) if self._texts else still

    def _make_form(self, values: Mapping[str, Any]) -> None:
        self._drop_form()
        titles = {block.name: block.title for block in self._info.blocks} if self._info is not None else {}
        beside = {"schedule": self.curve, self.method.changes: self.augmented}
        self._offered = self._fields()
        self.form = HyperparameterForm(self._offered, titles, beside, self._pointless(values))
        self.form.fill(values)
        self.form.changed.connect(self._note_change)
        self._drawn = None
        self._form_place.addWidget(self.form)

    def _drop_form(self) -> None:
        """The previews outlive the form they stood in."""
        for preview in (self.curve, self.augmented):
            preview.setParent(self)
            preview.hide()
        self._form_place.removeWidget(self.form)
        self.form.hide()
        self.form.deleteLater()

    # Values

    def _note_change(self) -> None:
        self._draw()
        self._show_preset()
        self.changed.emit()

    def _offer_presets(self) -> None:
        encoder = registry.reads_pretrained(self._start)
        self._values_row.offer(self.method, encoder, self._usual(self._name))
        self._show_preset()

    def _show_preset(self) -> None:
        """The one that is in use."""
        layers = self.layers.edits()
        self._values_row.show_values({**self.form.values(), "layers": layers}, {**self.form.defaults(), "layers": {}})

    def _set_values(self, values: Mapping[str, Any]) -> None:
        """These and otherwise the usual values, and of the layer table as well."""
        self.form.fill(values)
        self.layers.fill(values.get("layers", {}))
        self._note_change()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Sentences by hyperparameter."""
        self.form.show_problems(problems)
        self.layers.say_fault(problems.get("layers", ""))

    # What is around

    def set_around(self, around: Around) -> None:
        """The network whose blocks are shown, edited and offered, and what the previews need."""
        values, usual = self.form.values(), self._all_usual()
        before = self._offered, self._pointless(values)
        self.choices.speak_of(kind_of(around.data))
        self._around, self._info, self._start = around, around.info or self._info, around.backbone
        self._show_idea()
        now = self._all_usual()
        if now != usual:
            self._offer_presets()
        if now != usual or (self._fields(), self._pointless(values)) != before:
            self._offer_fields(usual, now)
        self._draw()

    def _offer_fields(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Make the form anew where other fields or blocks are among the choices; a block that is gone is said. What
        was usual `before` becomes what is usual `now`; a person's own number stays."""
        values = registry.followed(self._values(), before, now)
        layers = values.pop("layers", {})
        if layers != self.layers.edits():
            self.layers.fill(layers)
        offered = {field.name: field.choices for field in self._fields()}
        lost = [name for name, value in values.items() if offered[name] and value not in offered[name]]
        title = self._info.title if self._info is not None else ""
        words = [f"{self.form.rows[name].field.label}: {title} has no block “{values[name]}”." for name in lost]
        self._make_form({name: value for name, value in values.items() if name not in lost})
        self._note_change()
        if words:
            self.layers.say(f"{' '.join(words)} It is the usual one again.")

    def _draw(self) -> None:
        """Show the method as it is set up now, unless it is shown already."""
        if self._info is None or self._around is None:
            return
        values = self.form.values()
        wanted = self._name, values, self._around
        if (*wanted, self.layers.state()) == self._drawn:
            return
        self.layers.show_method(self.method, values, self._info, self._around.backbone.head == "kept")
        self._drawn = (*wanted, self.layers.state())  # which it may have changed: blocks that are gone
        view = self.layers.view
        nothing = view is not None and not view.epochs and not view.method.follows
        for widget in (self.form, self._values_row):
            widget.setVisible(not nothing)  # a method that trains nothing has nothing to set
        self._draw_previews(values, self._around)

    def _draw_previews(self, values: Mapping[str, Any], around: Around) -> None:
        view = self.layers.view
        self.form.set_unused({"epochs": NOT_COUNTED} if around.minutes else {})
        stages = view.method.stages() if view is not None else ()
        self.curve.show_schedule(str(values.get("schedule")), stages, around.minutes)
        change = self.choice() if self.method.changes != CHANGES else str(values.get(CHANGES, "none"))
        self.augmented.show_choice(around.data, around.backbone, change)
