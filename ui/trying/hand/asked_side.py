"""What is to be classified, how many answers are right, and what the last changes did."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.trying.hand.asked_list import AskedList
from ui.trying.hand.class_card import Picture
from ui.trying.hand.words import change_words, score_words, step_words
from ui.trying.hand.work import HandWork
from ui.widgets.buttons import button
from ui.widgets.drops import Drops
from ui.widgets.layouts import in_column, in_row, one_of
from ui.widgets.text import Elided, Text, TextPlace

LINES = 3  # of what changes did
ASK = "Drop images or texts to classify here, or draw or type one. A folder of class folders tells what is right."


class AskedSide(QWidget):
    """asks: for files. brought(paths): dropped. refused: a sentence."""

    asks, brought, refused = Signal(), Signal(object), Signal(str)

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.asked, self.lines = AskedList(picture), list[str]()
        self.score, self.steps = TextPlace(lines=2), TextPlace("", "small", "muted", lines=2)
        self.changes = [Elided("", "small", "muted") for _ in range(LINES)]
        add = button("Add files…", "new", "Images, texts or zips to classify", self.asks.emit)
        heading = in_row((Text("To classify", "heading", bold=True, wrap=False), 1), add, gap=8)
        nothing = QWidget()
        in_column(Text(ASK, role="muted"), ..., owner=nothing)
        self.shown = one_of(nothing, self.asked)
        below = (self.score, self.steps, *self.changes)
        in_column(heading, (self.shown, 1), *below, owner=self, gap=4, edges=(8, 4, 8, 12))
        self.setMinimumWidth(250)
        drops = Drops(self, "Drop images or texts to classify", many=True)
        drops.brought.connect(self.brought)
        drops.refused.connect(self.refused)
        self._adjust()

    def show_state(self, work: HandWork) -> None:
        """Classes and images as they are now, with the answers that are known."""
        self.asked.names = work.state.bins.names
        self.asked.shown.show(work.state.asked, work.found)
        self._adjust()

    def show_answers(self, work: HandWork) -> None:
        """What was answered, and what the change that it follows did."""
        asked, change = work.state.asked, work.change
        if change is not None and work.found.answers:
            work.change = None
            if change.of_classes:
                self.lines = [change_words(change.words, change.before, work.found, asked), *self.lines[: LINES - 1]]
        self.score.setText(score_words(work.found, change.before if change else None, asked))
        self.steps.setText(step_words(work.found, asked))
        self.show_state(work)

    def _adjust(self) -> None:
        self.shown.setCurrentIndex(1 if self.asked.shown.asked else 0)
        for place, line in zip(self.changes, self.lines, strict=False):
            place.setText(line)
        for one in (self.score, self.steps, *self.changes):
            one.setVisible(bool(one.text()))
