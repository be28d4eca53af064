"""Second column of New experiment: the weights it starts from, and with them the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.backbones import catalog
from engine.backbones.download import key as download_key
from engine.backbones.info import BackboneInfo, ImageForm, TextForm
from engine.comparison.wording import count
from engine.experiment import BackboneChoice, DatasetChoice
from ui.new_experiment import offers
from ui.new_experiment.backbone_settings import ImageSize
from ui.new_experiment.chosen_weights import ChosenWeights
from ui.new_experiment.fitting import Seen, misfit, ways
from ui.new_experiment.offers import Offer, key_of
from ui.new_experiment.weights_list import RANDOM, WeightsList
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.column import Column
from ui.widgets.layouts import in_row
from ui.widgets.problem import Problem
from ui.widgets.text import Text

if TYPE_CHECKING:
    from storage.store import RunStore

SCRATCH = {"weights": "random", "head": "new", "preparation": "plain", "what_it_keeps": "not measured"}
START = BackboneChoice(name="conv4", weights="")  # no weights: the first pretrained ones there are
FIRST_SEEN = Seen(28, 1)  # until other data were read
OWN_SHOWN = 8  # finished runs offered as weights, newest first, and so many more each time more are asked for


class BackboneSection(Column):
    """data: what the weights are for, as it is chosen now. changed: another backbone or other weights. listed: the list
    of weights was made anew."""

    changed = Signal()
    listed = Signal()

    def __init__(self, parts: Parts, data: Callable[[], DatasetChoice] | None = None) -> None:
        super().__init__("Weights", 2)
        self._parts = parts
        self._data, self._choice = data, START
        self._uses_pretrained = True
        self._filled: BackboneChoice | None = None  # taken over as it is, with a method that ignores its weights
        self._stale = False  # runs have changed while nobody looked
        self._most_own = OWN_SHOWN
        self._seen = FIRST_SEEN
        self._offers: list[Offer] = offers.first_offers()
        self._further: list[BackboneChoice] = []  # of all weights, the last one chosen on top
        self.list = WeightsList()
        self.rows = self.list.rows
        self.chosen = ChosenWeights(parts)
        self.keep_head = self.chosen.keep_head
        self.problem = Problem()
        self.image_size = ImageSize()
        self.scratch_words = Text("This method starts from random weights, whatever is chosen here.", "small", "muted")
        self.scratch_words.hide()
        self.notice.add(self.problem, self.scratch_words)
        self.body.addLayout(self._shelf())
        self.body.addWidget(self.list)
        self.more = button("Show older runs", "", "Older runs that can be started from", self._show_more)
        self.more.hide()
        self.body.addWidget(self.more)
        self.foot.addWidget(self.chosen)  # which stays where it is, however long the list is
        self.foot.addWidget(self.image_size)
        self.finish()
        self._show()
        self._connect()

    def _shelf(self) -> QHBoxLayout:
        tip = "Every network of the libraries, with what its weights were trained on, their size and licence"
        self.all_weights = button("All weights…", "", tip, self._open_all)
        self.own_file = button("Your file…", "", "A file of weights that you have", self._open_own)
        self.own_file.setAccessibleName("Your own weights…")
        return in_row((self.all_weights, 1), self.own_file, gap=8)

    def _connect(self) -> None:
        self.list.chosen.connect(self._choose)
        self.chosen.taken.connect(self.fill)
        self.image_size.changed.connect(lambda: self._set(image_size=self.image_size.asked()))
        self.keep_head.changed.connect(self._set_kept)
        self._parts.library.changed.connect(lambda _: self._note_runs())
        self._parts.downloads.arrived.connect(self._arrived)

    def load(self) -> None:
        """Ask which weights are on this machine and which runs can be started from."""
        self._look()

    # What is chosen

    def tab_order(self) -> tuple[QWidget, ...]:
        listed = (self.all_weights, self.own_file, *self.list.in_order(), self.more)
        return (*listed, *self.chosen.tab_order(), self.image_size.field)

    def choice(self) -> BackboneChoice:
        """The backbone; its weights are random for a method that uses no others, unless they were filled in so."""
        if self._choice is self._filled:
            return self._choice
        known = self._uses_pretrained and self._choice.weights
        return self._choice if known else self._choice.model_copy(update=SCRATCH)

    def is_settled(self) -> bool:
        """False while it is looked up which weights to begin with."""
        return self._choice.weights != ""

    def info(self) -> BackboneInfo:
        return catalog.backbone(self._choice.name)

    def fill(self, choice: BackboneChoice) -> None:
        """Show this choice; an unknown backbone is left for the checks to name."""
        self._choice = choice
        self._add_further()
        self._show()
        self._look()
        self.changed.emit()

    def keep(self, choice: BackboneChoice) -> None:
        """What was filled in together with the method: a clone has its weights, also where they are ignored."""
        self._choice = self._filled = choice
        self._show()

    def set_uses_pretrained(self, uses: bool) -> None:
        """Say that the method ignores the weights."""
        self._filled = self._filled if uses == self._uses_pretrained else None
        self._uses_pretrained = uses
        self.scratch_words.setVisible(not uses)
        if not uses:
            self.list.open(RANDOM)
        self._show()

    def set_seen(self, seen: Seen) -> None:
        """What the chosen data hold: weights that suit them come first."""
        if seen != self._seen:
            self._seen = seen
            self._show()
            self._look()

    def _choose(self, key: str) -> None:
        chosen = self._offer(key)
        if chosen is None or key == key_of(self._choice):
            return
        same = chosen.info.name == self._choice.name
        size = self._choice.image_size if same else None
        self._choice = chosen.choice.model_copy(update={"image_size": size})
        self._show()
        self.changed.emit()

    def _open_all(self) -> None:
        from ui.shelf.weights_picker import choose_weights

        data = self._data() if self._data is not None else None
        choose_weights(self._parts, data, self._choice, self.fill, self.window())

    def _open_own(self) -> None:
        from ui.new_experiment.own_weights_dialog import open_own_weights

        open_own_weights(self._parts, self._choice.name, self.fill, self.window())

    def _set(self, **changes: object) -> None:
        self._choice = self._choice.model_copy(update=changes)
        self._show()
        self.changed.emit()

    def _set_kept(self) -> None:
        head = "kept" if self.keep_head.is_kept() else "new"
        self._set(head=head, what_it_keeps="each epoch" if self.keep_head.is_watched() else "not measured")

    # What is shown

    def _offer(self, key: str) -> Offer | None:
        return next((one for one in self._offers if one.key == key), None)

    def _add_further(self) -> None:
        """What is chosen and not among the usual weights stands above them from now on."""
        is_usual = any(info.name == self._choice.name for info in catalog.backbones())
        is_theirs = self._choice.weights.startswith(("run:", "own:"))
        plain = BackboneChoice(name=self._choice.name, weights=self._choice.weights)
        known = not is_usual and not is_theirs and offers.network(self._choice.name) is not None
        if known and self._choice.weights and plain not in self._further:
            self._further.insert(0, plain)
            self._offers = [one for one in offers.of_network(plain.name) if one.key == key_of(plain)] + self._offers

    def _show(self) -> None:
        """The list, the card and the settings as they are chosen; an unknown backbone has none to show."""
        self.list.show_offers(self._offers, lambda one: misfit(one.info, self._seen))
        for one in self._offers:
            self.rows[one.key].setEnabled(self._uses_pretrained or one.group == "random")
        info = offers.network(self._choice.name)
        self.image_size.setVisible(info is not None and isinstance(info.form, ImageForm | TextForm))
        if info is None:
            return
        if isinstance(info.form, ImageForm | TextForm):
            self.image_size.show_size(info.form, self._choice.image_size)
        begun = self.choice() if self.is_settled() else offers.usable(self._offers, info.name)
        shown = self._offer(key_of(BackboneChoice(name=info.name, weights=begun.weights)))
        if shown is not None:
            self._show_chosen(shown)

    def _show_chosen(self, shown: Offer) -> None:
        self.list.mark(shown.key)
        size = self._choice.image_size
        reason = misfit(shown.info, self._seen, size)
        found = ways(shown, size, self._seen, self._in_order())
        self.chosen.show_offer(shown, reason, found, self._choice)
        self.keep_head.set_enabled(self._uses_pretrained)

    def _in_order(self) -> list[Offer]:
        """Pretrained ones first."""
        return sorted(self._offers, key=lambda one: ("published", "random", "yours").index(one.group))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.chosen.set_brief(self.height())

    # Which weights there are

    def _look(self) -> None:
        seen, chosen, further, most = self._seen, self._choice, tuple(self._further), self._most_own

        def read(store: RunStore) -> tuple[list[Offer], int]:
            runs, older = offers.of_runs(store, lambda info: not misfit(info, seen), most, OWN_SHOWN, chosen)
            return [*offers.offers(further), *runs], older

        self._parts.library.read(read, lambda found: self._take(*found))

    def _note_runs(self) -> None:
        """Runs have changed, and with them perhaps the weights to start from; asked for once somebody looks."""
        self._stale = not self.isVisible()
        if not self._stale:
            self._look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._note_runs()

    def _show_more(self) -> None:
        self._most_own += OWN_SHOWN
        self._look()

    def _take(self, found: list[Offer], older: int) -> None:
        was_settled = self.is_settled()
        if not was_settled:
            begun = offers.usable(found, self._choice.name)
            update = {"weights": begun.weights, "preparation": begun.preparation}
            self._choice = self._choice.model_copy(update=update)
        if not any(one.key == key_of(self._choice) for one in found) and offers.network(self._choice.name):
            found = [*found, offers.missing(self._choice)]
        is_new = found != self._offers
        self._offers = found
        self.more.setText(f"Show {count(older, 'older runs')}")
        self.more.setVisible(older > 0)
        if is_new or not was_settled:
            self._show()
            self.listed.emit()
        if not was_settled:
            self.changed.emit()

    def _arrived(self, what: str) -> None:
        self._look()
        if what.startswith(download_key(self._choice.name, "")):
            self.changed.emit()
