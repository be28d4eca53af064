"""A recommendation in one line with its reasons; taken with one click, measured on request, dismissed at will."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.advice.adviser import Recommendation
from ui.widgets.buttons import button, icon_button
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

MEASURE_TIP = "Look how well nearest neighbours do in the features of each backbone on this machine; nothing is trained"
MOST_REASONS = 3


class AdviceCard(QWidget):
    """used: take the advice. measure_wanted, stop_wanted: the second button. dismissed(whether it is hidden)."""

    used = Signal()
    measure_wanted = Signal()
    stop_wanted = Signal()
    dismissed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = Card()
        self.card.setAccessibleName("Advice")
        self.title = Text("", bold=True)
        self.reasons = [Text("", "small", "muted") for _ in range(MOST_REASONS)]
        self.state = Text("", "small", "muted")
        self.use = button("Use this", tip="Choose this backbone, these weights and this method", clicked=self.used.emit)
        self.measure = button("Measure", tip=MEASURE_TIP, clicked=self._press_measure)
        self.close_button = icon_button("close", "Hide the advice", lambda: self.dismiss(True))
        self.show_button = button("Show advice", tip="What to start with on these images", clicked=self._bring_back)
        kept = self.measure.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # “Use this” stays as it is
        self.measure.setSizePolicy(kept)
        self._is_measuring = False
        self._lay_out()

    def _lay_out(self) -> None:
        head = in_row((Text("Advice", "small", "muted", bold=True, wrap=False), 1), self.close_button)
        deeds = QHBoxLayout()  # above the words, whose length changes; as far right as the cross, to fit 184 px
        deeds.setSpacing(6)
        deeds.addWidget(self.use, 1)
        deeds.addWidget(self.measure, 1)
        self.card.body.setContentsMargins(12, 6, 6, 12)
        self.card.body.setSpacing(6)
        self.card.body.addLayout(head)
        self.card.body.addLayout(deeds)
        for widget in (self.title, *self.reasons, self.state):
            widget.setContentsMargins(0, 0, 6, 0)
            self.card.body.addWidget(widget)
        in_column(self.card, self.show_button, owner=self)
        self.show_button.hide()
        self.state.hide()

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.use, self.measure, self.close_button, self.show_button

    def show_advice(self, advice: Recommendation) -> None:
        self.title.setText(advice.title)
        for place, line in enumerate(self.reasons):
            line.setText("".join(advice.reasons[place : place + 1]))
            line.setVisible(place < len(advice.reasons))
        self.card.setAccessibleDescription(". ".join((advice.title, *advice.reasons)))
        self.measure.setVisible(self._is_measuring or not advice.measured)

    def show_in_use(self, in_use: bool, measuring: bool = False) -> None:
        """Whether what is set up already is what is advised; nothing is to be taken while it may still change."""
        self.use.setEnabled(not in_use and not measuring)
        self.use.setText("In use" if in_use else "Use this")

    def show_measuring(self, words: str) -> None:
        """words: what is being measured, "" when nothing is."""
        self._is_measuring = bool(words)
        self.measure.setText("Stop" if words else "Measure")
        self.measure.setToolTip("Stop measuring; the advice stays as it was" if words else MEASURE_TIP)
        self.say(words)

    def say(self, words: str) -> None:
        """A line of small print, such as what went wrong."""
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def dismiss(self, hidden: bool) -> None:
        """Leave only a button that brings the advice back, or bring it back."""
        self.card.setVisible(not hidden)
        self.show_button.setVisible(hidden)
        self.dismissed.emit(hidden)

    def _press_measure(self) -> None:
        (self.stop_wanted if self._is_measuring else self.measure_wanted).emit()

    def _bring_back(self) -> None:
        self.dismiss(False)
        self.use.setFocus(Qt.FocusReason.OtherFocusReason)
