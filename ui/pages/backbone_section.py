"""Second column of New experiment: which network, and the weights it starts from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from engine.backbones import catalog
from engine.events import RunState
from engine.experiment import BackboneChoice
from ui.pages.weights_card import WeightsCard
from ui.parts import Parts
from ui.widgets.card import ChoiceCard
from ui.widgets.column import Column, caption
from ui.widgets.problem import Problem
from ui.widgets.text import Text
from ui.widgets.words import brief

if TYPE_CHECKING:
    from storage.store import RunRow, RunStore

START = BackboneChoice(name="conv4", weights="")  # no weights: the first pretrained ones there are
OWN_SHOWN = 8  # finished runs offered as weights, newest first


@dataclass(frozen=True)
class OwnWeights:
    """A saved run whose network can be started from."""

    key: str
    title: str
    facts: str


class BackboneSection(Column):
    """changed: another backbone or other weights. listed: the list of weights was made anew."""

    changed = Signal()
    listed = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__("Backbone", parent)
        self._parts = parts
        self._choice = START
        self._uses_pretrained = True
        self._shown: object = None
        self.cards: dict[str, ChoiceCard] = {}
        self.weights: dict[str, WeightsCard] = {}
        self._group, self._weights_group = QButtonGroup(self), QButtonGroup(self)
        for info in catalog.backbones():
            self._add_backbone(info)
        self.problem = Problem()
        self.body.addWidget(self.problem)
        self.body.addWidget(caption("Start from"))
        self.scratch_words = Text("This method starts from random weights, whatever is chosen here.", "small", "muted")
        self.scratch_words.hide()
        self.body.addWidget(self.scratch_words)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.body.addLayout(self._list)
        self.finish()
        self._group.buttonClicked.connect(lambda card: self._choose_backbone(card.key))
        self._weights_group.buttonClicked.connect(lambda card: self._choose_weights(card.key))
        parts.library.changed.connect(lambda _: self._look_for_weights())

    def _add_backbone(self, info: catalog.BackboneInfo) -> None:
        colours = "grey" if info.channels == 1 else "colour"
        facts = f"{brief(info.parameters)} parameters · {info.input_size} px {colours}"
        card = ChoiceCard(info.name, info.title, facts, info.idea)
        card.setChecked(info.name == self._choice.name)
        self.cards[info.name] = card
        self._group.addButton(card)
        self.body.addWidget(card)

    def load(self) -> None:
        """Ask which weights are on this machine and which runs can be started from."""
        self._look_for_weights()

    # What is chosen

    def tab_order(self) -> tuple[QWidget, ...]:
        lines = [(card, card.download) if card.download else (card,) for card in self.weights.values()]
        return (*self.cards.values(), *(widget for line in lines for widget in line))

    def choice(self) -> BackboneChoice:
        """The backbone; its weights are random for a method that uses no others."""
        known = self._uses_pretrained and self._choice.weights
        return self._choice if known else self._choice.model_copy(update={"weights": "random"})

    def info(self) -> catalog.BackboneInfo:
        return catalog.backbone(self._choice.name)

    def fill(self, choice: BackboneChoice) -> None:
        """Show this choice; an unknown backbone is left for the checks to name."""
        self._choice = choice
        if choice.name in self.cards:
            self.cards[choice.name].setChecked(True)
        self._look_for_weights()
        self.changed.emit()

    def set_uses_pretrained(self, uses: bool) -> None:
        """Say that the method ignores the weights."""
        self._uses_pretrained = uses
        self.scratch_words.setVisible(not uses)
        for card in self.weights.values():
            card.setEnabled(uses)

    def _choose_backbone(self, name: str) -> None:
        if name != self._choice.name:
            self._choice = BackboneChoice(name=name, weights="")
            self._look_for_weights()
            self.changed.emit()

    def _choose_weights(self, key: str) -> None:
        self._choice = self._choice.model_copy(update={"weights": key})
        self.changed.emit()

    # Which weights there are

    def _look_for_weights(self) -> None:
        name = self._choice.name
        if name in self.cards:
            self._parts.library.read(lambda store: _weights(store, name), lambda found: self._show(name, *found))

    def _show(self, name: str, published: tuple[catalog.WeightsInfo, ...], own: list[OwnWeights]) -> None:
        if name != self._choice.name or (published, own, self._choice) == self._shown:
            return
        self._clear()
        for info in published:
            self._add_weights(WeightsCard.of(info))
        for one in own:
            self._add_weights(WeightsCard(one.key, one.title, one.facts, "your run"))
        if self._choice.weights == "":
            usable = [info.name for info in published if info.kind != "random" and info.state != "download"]
            self._choose_weights(usable[0] if usable else published[-1].name)
        elif self._choice.weights not in self.weights:
            title = self._choice.weights.replace("run:", "Run ")
            self._add_weights(WeightsCard(self._choice.weights, title, "Its weights were not found.", "missing"))
        self.weights[self._choice.weights].setChecked(True)
        self._shown = (published, own, self._choice)
        self.listed.emit()

    def _clear(self) -> None:
        for card in self.weights.values():
            self._weights_group.removeButton(card)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        self.weights = {}

    def _add_weights(self, card: WeightsCard) -> None:
        self.weights[card.key] = card
        self._weights_group.addButton(card)
        self._list.addWidget(card)
        card.setEnabled(self._uses_pretrained)
        if card.download is not None:
            card.download.clicked.connect(lambda: self._download(card))

    # Download

    def _download(self, card: WeightsCard) -> None:
        name = self._choice.name
        key = f"download {name}"
        if card.is_loading:
            self._parts.background.cancel(key)
            card.show_progress(None)
            return

        def fetch(cancelled: Callable[[], bool]) -> None:
            from engine.backbones.download import fetch

            fetch(name, card.progressed.emit, cancelled)

        card.show_progress(0.0)
        self._parts.background.run(fetch, lambda _: self._downloaded(name), lambda e: self._not_loaded(card, e), key)

    def _downloaded(self, name: str) -> None:
        title = catalog.backbone(name).title
        self._parts.toasts.show(f"The weights of {title} are on this machine now.")
        self._look_for_weights()
        self.changed.emit()

    def _not_loaded(self, card: WeightsCard, error: Exception) -> None:
        if card.key in self.weights and self.weights[card.key] is card:
            card.show_progress(None)
        self._parts.background.crashed.emit(error)


def _weights(store: RunStore, name: str) -> tuple[tuple[catalog.WeightsInfo, ...], list[OwnWeights]]:
    """In the storage thread: published weights with where they are, and saved runs of the same backbone."""
    own = [_own(run) for run in store.runs() if _can_be_started_from(store, run, name)]
    return catalog.weights(name), own[:OWN_SHOWN]


def _can_be_started_from(store: RunStore, run: RunRow, name: str) -> bool:
    ended = run.state in (RunState.FINISHED, RunState.STOPPED)
    return ended and run.experiment.backbone.name == name and (store.directory(run) / "best.safetensors").is_file()


def _own(run: RunRow) -> OwnWeights:
    result = f", {run.test.value:.1%} in its test" if run.test is not None else ""
    return OwnWeights(f"run:{run.uid}", run.name, f"Trained on {run.experiment.dataset.name}{result}")
