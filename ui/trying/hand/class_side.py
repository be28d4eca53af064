"""All classes as cards, beside each other as far as there is room."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.using.bins import Bins
from ui.trying.hand.class_card import ClassCard, Picture
from ui.widgets.buttons import button
from ui.widgets.drops import Drops
from ui.widgets.frame import WordsArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.reflow import FlowLayout
from ui.widgets.text import Text


class ClassSide(QWidget):
    """What a person wants: added, a class; removed(place); renamed(place, name); asks(place) for files, pastes(place);
    brought_to(place, paths) for one class, brought(paths) beside the cards; example_removed(place, index). refused: a
    sentence."""

    added, removed, renamed, asks, pastes = Signal(), Signal(int), Signal(int, str), Signal(int), Signal(int)
    brought_to, brought, example_removed, refused = Signal(int, object), Signal(object), Signal(int, int), Signal(str)

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture
        self.cards: list[ClassCard] = []
        content, self._flow = QWidget(), FlowLayout()
        self.add_class = button("Add class", "new", "An empty class; what is dropped beside the cards makes one too")
        self.add_class.clicked.connect(lambda: self.added.emit())
        heading = in_row((Text("Classes", "heading", bold=True, wrap=False), 1), self.add_class, gap=8)
        self.empty = Text("", role="muted")
        in_column(self.empty, self._flow, ..., owner=content, gap=8)
        in_column(heading, (WordsArea(content), 1), owner=self, gap=8, edges=(16, 4, 8, 12))
        self.setMinimumWidth(240)
        drops = Drops(self, "Drop images or texts of one class, or a folder of class folders", many=True)
        drops.brought.connect(self.brought)
        drops.refused.connect(self.refused)

    def show_bins(self, bins: Bins, way: int | None) -> None:
        """way: classes that are needed, None for any number."""
        while len(self.cards) < len(bins.bins):
            self.cards.append(self._card(len(self.cards)))
            self._flow.addWidget(self.cards[-1])
        while len(self.cards) > len(bins.bins):
            gone = self.cards.pop()
            self._flow.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, (card, one) in enumerate(zip(self.cards, bins.bins, strict=True)):
            card.show_class(place + 1, one)
        self.empty.setText(how(way))
        self.empty.setVisible(not bins.bins)

    def _card(self, place: int) -> ClassCard:
        card = ClassCard(self._picture)
        card.renamed.connect(lambda name: self.renamed.emit(place, name))
        card.removed.connect(lambda: self.removed.emit(place))
        card.example_removed.connect(lambda index: self.example_removed.emit(place, index))
        card.asks.connect(lambda: self.asks.emit(place))
        card.pastes.connect(lambda: self.pastes.emit(place))
        card.brought.connect(lambda paths: self.brought_to.emit(place, paths))
        card.refused.connect(self.refused)
        return card


def how(way: int | None) -> str:
    """What to do first."""
    wanted = f"Make {way} classes" if way else "Make two classes or more"
    return (
        f"{wanted}: drop a folder of class folders here, or a few images or texts of one class, or add a class and "
        "draw or type."
    )
