"""Second column of New experiment: which network, and the weights it starts from."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QWidget

from engine.backbones import catalog
from engine.backbones.download import key, wanted
from engine.backbones.info import BackboneInfo, WeightsInfo
from engine.comparison.wording import count
from engine.downloads.wanted import Wanted
from engine.experiment import BackboneChoice, DatasetChoice
from ui.downloads.line import DownloadLine
from ui.new_experiment.backbone_rows import BackboneRows, ImageSize, KeepHead
from ui.new_experiment.weights_card import OwnWeights, WeightsCard, own_weights
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.column import Column, caption
from ui.widgets.layouts import in_column
from ui.widgets.problem import Problem
from ui.widgets.text import Text

START = BackboneChoice(name="conv4", weights="")  # no weights: the first pretrained ones there are
OWN_SHOWN = 8  # finished runs offered as weights, newest first, and so many more each time more are asked for


class BackboneSection(Column):
    """data: what the weights are for, as it is chosen now. changed: another backbone or other weights. listed: the list
    of weights was made anew."""

    changed = Signal()
    listed = Signal()

    def __init__(self, parts: Parts, data: Callable[[], DatasetChoice] | None = None) -> None:
        super().__init__("Backbone", 2)
        self._parts = parts
        self._data, self._choice = data, START
        self._uses_pretrained = True
        self._filled: BackboneChoice | None = None  # taken over as it is, with a method that ignores its weights
        self._shown: object = None
        self._stale = False  # runs have changed while nobody looked
        self._most_own = OWN_SHOWN
        self.rows = BackboneRows(catalog.backbones())
        self.cards = self.rows.rows
        self.rows.mark(START.name)
        self.weights: dict[str, WeightsCard] = {}
        self._weights_group = QButtonGroup(self)
        self.body.addWidget(self.rows)
        self.problem = Problem()
        self.image_size = ImageSize()
        self.body.addWidget(caption("Start from"))
        self.scratch_words = Text("This method starts from random weights, whatever is chosen here.", "small", "muted")
        self.scratch_words.hide()
        self.notice.add(self.problem, self.scratch_words)
        self._list = in_column(gap=8)
        self.keep_head = KeepHead(self)
        self.body.addLayout(self._list)
        self.more = button("Show older runs", "", "Older runs of this backbone", self._show_more)
        self.more.hide()
        self.body.addWidget(self.more)
        self._add_shelf()
        self.foot.addWidget(self.image_size)  # which stays where it is, however long the list is
        self.finish()
        self._show_settings()
        self.rows.chosen.connect(self._choose_backbone)
        self._weights_group.buttonClicked.connect(lambda card: self._choose_weights(card.key))
        self.image_size.changed.connect(lambda: self._set(image_size=self.image_size.asked()))
        self.keep_head.changed.connect(lambda: self._set(head="kept" if self.keep_head.is_kept() else "new"))
        parts.library.changed.connect(lambda _: self._note_runs())
        parts.downloads.arrived.connect(self._arrived)

    def _add_shelf(self) -> None:
        tip = "Every network of the libraries, with what its weights were trained on, their size and licence"
        self.all_weights = button("All weights…", "", tip, self._open_all)
        self.foot.addWidget(self.all_weights)
        self.own_file = button("Your own weights…", "", "A file of weights that you have", self._open_own)
        self.foot.addWidget(self.own_file)

    def load(self) -> None:
        """Ask which weights are on this machine and which runs can be started from."""
        self._look_for_weights()

    # What is chosen

    def tab_order(self) -> tuple[QWidget, ...]:
        lines = [(card, card.download.button) if card.download else (card,) for card in self.weights.values()]
        weights = (widget for line in lines for widget in line)
        shelf = (self.all_weights, self.own_file, self.image_size.field)
        return (*self.rows.in_order(), *weights, self.keep_head.box, self.more, *shelf)

    def choice(self) -> BackboneChoice:
        """The backbone; its weights are random for a method that uses no others, unless they were filled in so."""
        if self._choice is self._filled:
            return self._choice
        known = self._uses_pretrained and self._choice.weights
        return self._choice if known else self._choice.model_copy(update={"weights": "random", "head": "new"})

    def is_settled(self) -> bool:
        """False while it is looked up which weights to begin with."""
        return self._choice.weights != ""

    def info(self) -> BackboneInfo:
        return catalog.backbone(self._choice.name)

    def fill(self, choice: BackboneChoice) -> None:
        """Show this choice; an unknown backbone is left for the checks to name."""
        self._choice = choice
        if choice.name not in self.cards and catalog.is_known(choice.name):
            self.rows.add(catalog.backbone(choice.name))
        self.rows.mark(choice.name)
        self._show_settings()
        self._look_for_weights()
        self.changed.emit()

    def keep(self, choice: BackboneChoice) -> None:
        """What was filled in together with the method: a clone has its weights, also where they are ignored."""
        self._choice = self._filled = choice

    def set_uses_pretrained(self, uses: bool) -> None:
        """Say that the method ignores the weights."""
        self._filled = self._filled if uses == self._uses_pretrained else None
        self._uses_pretrained = uses
        self.scratch_words.setVisible(not uses)
        for card in self.weights.values():
            card.setEnabled(uses)
        self.keep_head.setEnabled(uses)

    def _choose_backbone(self, name: str) -> None:
        if name != self._choice.name:
            self._choice = BackboneChoice(name=name, weights="")
            self.rows.mark(name)
            self._most_own = OWN_SHOWN
            self._show_settings()
            self._look_for_weights()
            self.changed.emit()

    def _open_all(self) -> None:
        from ui.shelf.weights_picker import choose_weights

        data = self._data() if self._data is not None else None
        choose_weights(self._parts, data, self._choice, self.fill, self.window())

    def _open_own(self) -> None:
        from ui.new_experiment.own_weights_dialog import open_own_weights

        open_own_weights(self._parts, self._choice.name, self.fill, self.window())

    def _choose_weights(self, key: str) -> None:
        self._set(weights=key, head="new")
        self._show_settings()

    def _set(self, **changes: object) -> None:
        self._choice = self._choice.model_copy(update=changes)
        self.changed.emit()

    def _show_settings(self) -> None:
        """Image size and head as they are chosen; an unknown backbone has none to show."""
        self.image_size.setVisible(self._choice.name in self.cards)
        if self._choice.name in self.cards:
            info = self.info()
            self.image_size.setVisible(info.form.kind == "images")
            self.image_size.show_size(info.form.size, self._choice.image_size, info.form.fixed)
        self.keep_head.show_kept(self._choice.head == "kept", self._choice.weights.startswith("run:"))
        if self._choice.weights in self.weights:  # the box stands under the weights it belongs to
            self._list.removeWidget(self.keep_head)
            self._list.insertWidget(self._list.indexOf(self.weights[self._choice.weights]) + 1, self.keep_head)

    # Which weights there are

    def _look_for_weights(self) -> None:
        name = self._choice.name
        if name in self.cards:
            self._parts.library.read(
                lambda store: (catalog.weights(name), own_weights(store, name)), lambda found: self._show(name, *found)
            )

    def _note_runs(self) -> None:
        """Runs have changed, and with them perhaps the weights to start from; asked for once somebody looks."""
        self._stale = not self.isVisible()
        if not self._stale:
            self._look_for_weights()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._note_runs()

    def _show_more(self) -> None:
        self._most_own += OWN_SHOWN
        self._look_for_weights()

    def _show(self, name: str, published: tuple[WeightsInfo, ...], own: list[OwnWeights]) -> None:
        shown = (published, own, self._choice, self._most_own)
        if name != self._choice.name or shown == self._shown:
            return
        self._clear()
        for info in published:
            self._add_weights(card := WeightsCard.of(info))
            self._offer(card, info)
        for one in own[: self._most_own]:
            self._add_weights(WeightsCard(one.key, one.title, one.facts, "your run"))
        if self._choice.weights == "":
            usable = [info.name for info in published if info.kind != "random" and info.here]
            self._choose_weights(usable[0] if usable else published[-1].name)
        elif self._choice.weights not in self.weights:
            self._add_weights(_older_or_missing(self._choice.weights, own))
        self.weights[self._choice.weights].setChecked(True)
        self._show_settings()
        self.more.setText(f"Show {count(min(OWN_SHOWN, len(own) - self._most_own), 'older runs')}")
        self.more.setVisible(len(own) > self._most_own)
        self._shown = (published, own, self._choice, self._most_own)
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

    # Download

    def _offer(self, card: WeightsCard, info: WeightsInfo) -> None:
        """A button for weights that are not here."""
        if info.state == "download":
            name, title = self._choice.name, f"{info.title} weights of {self.info().title}"
            card.offer(
                DownloadLine(
                    self._parts.downloads, key(name, info.name), title, info.bytes, lambda: self._ask(name, info.name)
                )
            )

    def _ask(self, name: str, weights: str) -> None:
        def ask(found: Wanted | None) -> None:
            if found is not None:
                self._parts.downloads.ask(found)

        self._parts.background.run(lambda cancelled: wanted(name, weights), ask, key="wanted weights")

    def _arrived(self, what: str) -> None:
        if what.startswith(key(self._choice.name, "")):
            self._look_for_weights()
            self.changed.emit()


def _older_or_missing(key: str, own: list[OwnWeights]) -> WeightsCard:
    """The card of chosen weights that are not among those shown."""
    older = next((one for one in own if one.key == key), None)
    if older is not None:
        return WeightsCard(key, older.title, older.facts, "your run")
    return WeightsCard(key, key.replace("run:", "Run "), "Its weights were not found.", "missing")
