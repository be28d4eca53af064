"""Third column of New experiment: the method, what it does to each block, and its hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from engine import registry
from engine.backbones.catalog import BackboneInfo
from engine.experiment import MethodChoice
from ui.widgets.block_picture import BlockPicture
from ui.widgets.buttons import icon_button
from ui.widgets.card import ChoiceCard
from ui.widgets.column import Column, caption
from ui.widgets.fields import Choice
from ui.widgets.frame import Segment
from ui.widgets.hyperparameter_form import HyperparameterForm
from ui.widgets.problem import Problem
from ui.widgets.text import Text

START = "lp_ft"
FAMILIES = (("finetune", "Fine-tuning"), ("meta", "Meta-learning"))
OWN = "own"  # key of the preset that stands for values that are no preset


class MethodSection(Column):
    """changed: another method or other hyperparameters. family_changed: "finetune" or "meta"."""

    changed = Signal()
    family_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Method", parent)
        self._methods = {method.name: method for method in registry.methods()}
        self._blocks: BackboneInfo | None = None
        self._last = {"finetune": START, "meta": "protonet"}
        self.cards: dict[str, ChoiceCard] = {}
        self.families: dict[str, Segment] = {}
        self._group = QButtonGroup(self)
        self.body.addLayout(self._family_buttons())
        self._add_cards()
        self.problem = Problem()
        self.body.addWidget(self.problem)
        self.picture = BlockPicture()
        self.paper = Text("", "small", "muted")
        for widget in (caption("What happens to each block"), self.picture, self.paper):
            self.body.addWidget(widget)
        self.body.addLayout(self._preset_row())
        self._form_place = QVBoxLayout()
        self.body.addLayout(self._form_place)
        self.finish()
        self.form: HyperparameterForm | None = None
        self._group.buttonClicked.connect(lambda card: self.choose(card.key))
        self.choose(START)

    def _family_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        group = QButtonGroup(self)
        for key, title in FAMILIES:
            button = Segment(title)
            button.clicked.connect(lambda _=False, key=key: self.choose(self._last[key]))
            group.addButton(button)
            self.families[key] = button
            row.addWidget(button, 1)
        return row

    def _add_cards(self) -> None:
        for method in self._methods.values():
            card = ChoiceCard(method.name, method.title, "", method.idea)
            self.cards[method.name] = card
            self._group.addButton(card)
            self.body.addWidget(card)

    def _preset_row(self) -> QHBoxLayout:
        self.presets = Choice()
        self.presets.setAccessibleName("Preset")
        self.presets.activated.connect(lambda _: self._use_preset())
        self.reset = icon_button("reset", "Reset to the usual values", self._reset)
        row = QHBoxLayout()
        row.setContentsMargins(0, 8, 0, 0)
        row.addWidget(Text("Values", wrap=False))
        row.addWidget(self.presets, 1)
        row.addWidget(self.reset)
        return row

    # What is chosen

    @property
    def method(self) -> Any:
        """The class of the chosen method."""
        return self._methods[self._name]

    def tab_order(self) -> tuple[QWidget, ...]:
        assert self.form is not None
        return (*self.families.values(), *self.cards.values(), self.presets, self.reset, *self.form.tab_order())

    def choice(self) -> MethodChoice:
        """The method with all its hyperparameters."""
        assert self.form is not None
        return MethodChoice(name=self._name, hyperparameters=self.form.values())

    def fill(self, choice: MethodChoice) -> None:
        """Show this choice; an unknown method raises `InvalidExperiment`."""
        registry.method(choice.name)
        self._show_method(choice.name, choice.hyperparameters)

    def choose(self, name: str) -> None:
        """Show a method with its usual values."""
        self._show_method(name, {})

    def _show_method(self, name: str, values: Mapping[str, Any]) -> None:
        self._name = name
        family = self.method.family
        self._last[family] = name
        self.families[family].setChecked(True)
        for other, card in self.cards.items():
            card.setVisible(self._methods[other].family == family)
        self.cards[name].setChecked(True)
        self.paper.setText(self.method.paper)
        self._make_form(values)
        options: list[tuple[object, str]] = [(title, title) for title in self.method.presets]
        self.presets.set_options([*options, (OWN, "Own values")])
        self._explain_reset()
        self.family_changed.emit(family)
        self._note_change()

    def _make_form(self, values: Mapping[str, Any]) -> None:
        if self.form is not None:
            self._form_place.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
        self.form = HyperparameterForm(registry.fields(self.method))
        self.form.fill(values)
        self.form.changed.connect(self._note_change)
        self._form_place.addWidget(self.form)

    def _explain_reset(self) -> None:
        first = next(iter(self.method.presets), "Usual values")
        words = "the paper's values" if "paper" in first.lower() else "the usual values"
        self.reset.setToolTip(f"Reset to {words}")
        self.reset.setAccessibleName(f"Reset to {words}")

    # Values

    def _note_change(self) -> None:
        self.presets.set_key(self._preset_in_use())
        self._draw()
        self.changed.emit()

    def _preset_in_use(self) -> str:
        assert self.form is not None
        values, usual = self.form.values(), self.form.defaults()
        return next((title for title, own in self.method.presets.items() if values == {**usual, **own}), OWN)

    def _use_preset(self) -> None:
        own = self.method.presets.get(str(self.presets.key()))
        if own is not None and self.form is not None:
            self.form.fill(own)
            self._note_change()

    def _reset(self) -> None:
        if self.form is not None:
            self.form.fill(next(iter(self.method.presets.values()), {}))
            self._note_change()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Sentences by hyperparameter."""
        if self.form is not None:
            self.form.show_problems(problems)

    # The picture

    def set_backbone(self, info: BackboneInfo) -> None:
        self._blocks = info
        self._draw()

    def _draw(self) -> None:
        if self._blocks is None or self.form is None:
            return
        treatments = self.method.picture(self.form.values(), self._blocks.block_names)
        blocks = [(b.name, b.title, b.parameters) for b in self._blocks.blocks]
        shown = [*blocks, ("head", "Head", None)] if "head" in treatments else blocks
        self.picture.set_blocks(shown, treatments)
