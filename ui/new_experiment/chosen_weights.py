"""The weights that are chosen: what is known of them, why they do not suit, and what a click does about it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from engine.backbones.download import key, wanted
from engine.downloads.wanted import Wanted
from engine.experiment import BackboneChoice
from ui.downloads.line import DownloadLine
from ui.new_experiment.backbone_settings import KeepHead
from ui.new_experiment.fitting import Way
from ui.new_experiment.offers import Offer, said_of
from ui.parts import Parts
from ui.widgets.buttons import button
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Elided, Text, TextPlace

MOST_WAYS = 2
GAP, SIDE = 4, 12  # pixels between its parts, and beside them
LEAST_HEIGHT = 460  # pixels of the column, below which the list needs the room
LINES, LOW_LINES = 8, 2  # of words beside what can be done; and in a column that is lower
BADGES = {"missing": "bad", "not here": "warning", "your run": "muted", "yours": "muted"}


class ChosenWeights(Card):
    """taken(choice): a way out was clicked. Its height does not depend on what is chosen: where nothing is to be done
    the words have that room too."""

    taken = Signal(object)

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.offer: Offer | None = None
        self.title, self.badge = Elided("", bold=True), Text("", "small", "muted", wrap=False)
        self.facts, self.said = TextPlace("", "small", "muted"), TextPlace("", "small", "muted")
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self._most = LINES
        self.keep_head = KeepHead(self)
        self.ways = [button("", clicked=partial(self._take, place)) for place in range(MOST_WAYS)]
        self.install = button("Copy the install line", "copy", clicked=self._copy)
        self.download: DownloadLine | None = None
        self._found: Sequence[Way] = ()
        self._lay_out()

    def _lay_out(self) -> None:
        self.setAccessibleName("The chosen weights")
        self._deeds = QWidget()
        self._flow = FlowLayout(*self.keep_head.boxes, *self.ways, self.install, owner=self._deeds, spacing=6)
        self._deeds.setMinimumHeight(self.ways[0].sizeHint().height())
        self.body.setContentsMargins(SIDE, 8, SIDE, 8)
        self.body.setSpacing(4)
        self._words = QWidget()
        in_column(self.facts, (self.said, 1), self._deeds, owner=self._words, gap=GAP)
        self.body.addLayout(in_row((self.title, 1), self.badge, gap=8))
        self.body.addWidget(self._words)
        for deed in (*self.keep_head.boxes, *self.ways, self.install):
            deed.hide()

    def tab_order(self) -> tuple[QWidget, ...]:
        line = (self.download.button,) if self.download is not None else ()
        return *line, *self.keep_head.boxes, *self.ways, self.install

    def show_offer(self, offer: Offer, misfit: str, found: Sequence[Way], chosen: BackboneChoice) -> None:
        """misfit: why it does not suit the data. found: the ways out. chosen: with its head, and watched or not."""
        self.title.setText(offer.title)
        self.badge.setText(offer.badge)
        self.badge.set_role(BADGES.get(offer.badge, "warning" if offer.needs else "good"))
        self.facts.setText(offer.facts)
        self.said.setText(misfit or said_of(offer.info))
        self.said.set_role("warning" if misfit else "muted")
        self.setAccessibleDescription(
            ". ".join(part for part in (offer.words, offer.badge, offer.facts, misfit) if part)
        )
        self._show_ways(found)
        self.install.setVisible(bool(offer.needs))
        self.install.setToolTip(f'pip install "{offer.needs}"')
        of_run = offer.here and offer.weights.startswith("run:")
        self.keep_head.show_kept(chosen.head == "kept", chosen.what_it_keeps == "each epoch", of_run)
        self._offer_download(offer)
        self.offer = offer
        self._share()

    def _show_ways(self, found: Sequence[Way]) -> None:
        self._found = found[:MOST_WAYS]
        for place, deed in enumerate(self.ways):
            shown = place < len(self._found)
            deed.setText(self._found[place].words if shown else "")
            deed.setAccessibleName(deed.text() or "Another choice")
            deed.setVisible(shown)

    def _take(self, place: int) -> None:
        if place < len(self._found):
            self.taken.emit(self._found[place].choice)

    def _copy(self) -> None:
        if self.offer is not None:
            line = self.install.toolTip()
            QApplication.clipboard().setText(line)
            self._parts.toasts.show(f"Copied: {line}")

    def set_brief(self, height: int) -> None:
        """height: of the column. Where there is little only what has to be said is."""
        self.facts.setVisible(height >= LEAST_HEIGHT)
        self._most = LINES if height >= LEAST_HEIGHT else LOW_LINES
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Both texts whole if they can be, else at least half of the lines for what is known of the weights."""
        line = self.said.fontMetrics().lineSpacing()
        spare = -(-(self._deeds.minimumHeight() + GAP) // line)  # lines in the place of what can be done
        deeds_shown = any(not deed.isHidden() for deed in (*self.keep_head.boxes, *self.ways, self.install))
        self._deeds.setVisible(deeds_shown or self.download is not None)
        self._words.setMinimumHeight((self._most + spare) * line + GAP * (not self.facts.isHidden()))
        most = self._most + (spare if self._deeds.isHidden() else 0)
        facts, said = (text.needed(self.width() - 2 * SIDE) for text in (self.facts, self.said))
        self.facts.set_lines(max(1, min(facts, max(most - said, most // 2))))

    # Download

    def _offer_download(self, offer: Offer) -> None:
        """A button for weights that are not here; it stays while the same ones are chosen."""
        same = self.offer is not None and (self.offer.key, self.offer.fetched) == (offer.key, offer.fetched)
        if same:
            return
        if self.download is not None:
            self._flow.removeWidget(self.download)
            self.download.hide()
            self.download.deleteLater()
            self.download = None
        if offer.fetched:
            name, weights = offer.info.name, offer.weights
            title = f"weights {offer.words}"
            self.download = DownloadLine(
                self._parts.downloads, key(name, weights), title, offer.bytes, lambda: self._ask(name, weights)
            )
            self._flow.addWidget(self.download)

    def _ask(self, name: str, weights: str) -> None:
        def ask(found: Wanted | None) -> None:
            if found is not None:
                self._parts.downloads.ask(found)

        self._parts.background.run(lambda cancelled: wanted(name, weights), ask, key="wanted weights")
