"""The adviser of New experiment: what to start with on the chosen images, measured in the background when asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.advice.adviser import DataFacts, Recommendation, Score, facts_of, recommend
from engine.errors import Cancelled
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice
from ui.new_experiment.download_advice import DownloadAdvice
from ui.new_experiment.trained_starts import images_of
from ui.parts import Parts
from ui.widgets.buttons import button, icon_button, of_first_clicks
from ui.widgets.card import Card
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

REMEMBERED = "new experiment/advice hidden"
FACTS, SCORES = "advice", "advice scores"  # keys of the background's work
MEASURE_TIP = "Look how well nearest neighbours do in the features of each backbone on this machine; nothing is trained"
SCORES_TIP = "When will transfer help? Other scores beside the nearest neighbours, and what your runs reached"
MOST_REASONS = 3


class AdviceCard(QWidget):
    """A recommendation in one line with its reasons; what its buttons `use` and `measure` do is for others to say.
    dismissed(whether it is hidden)."""

    dismissed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.card = Card()
        self.card.setAccessibleName("Advice")
        self.title = Text("", bold=True)
        self.reasons = [Text("", "small", "muted") for _ in range(MOST_REASONS)]
        self.state = Text("", "small", "muted")
        self.use = button("Use this", tip="Choose this backbone, these weights and this method")
        self.measure = of_first_clicks(button("Measure", tip=MEASURE_TIP))
        self.scores = button("Scores…", tip=SCORES_TIP)
        self.close_button = icon_button("close", "Hide the advice", lambda: self.dismiss(True))
        self.show_button = button("Show advice", tip="What to start with on these data", clicked=self._bring_back)
        self.is_measuring = False
        self._lay_out()

    def _lay_out(self) -> None:
        head = in_row((Text("Advice", "small", "muted", bold=True, wrap=False), 1), self.close_button)
        # above the words, whose length changes; as far right as the cross, to fit 184 px
        deeds = in_row((self.use, 1), (self.measure, 1), (self.scores, 1), gap=6)
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
        return self.use, self.measure, self.scores, self.close_button, self.show_button

    def show_advice(self, advice: Recommendation) -> None:
        self.title.setText(advice.title)
        for place, line in enumerate(self.reasons):
            line.setText("".join(advice.reasons[place : place + 1]))
            line.setVisible(place < len(advice.reasons))
        self.card.setAccessibleDescription(". ".join((advice.title, *advice.reasons)))
        self.measure.setVisible(self.is_measuring or not advice.measured)
        self.scores.setVisible(not self.measure.isVisibleTo(self.card))

    def show_in_use(self, in_use: bool, measuring: bool = False) -> None:
        """Whether what is set up already is what is advised; nothing is to be taken while it may still change."""
        self.use.setEnabled(not in_use and not measuring)
        self.use.setText("In use" if in_use else "Use this")

    def show_measuring(self, words: str) -> None:
        """words: what is being measured, "" when nothing is."""
        self.is_measuring = bool(words)
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

    def _bring_back(self) -> None:
        self.dismiss(False)
        self.use.setFocus(Qt.FocusReason.OtherFocusReason)


class AdviserPart(QWidget):
    """`set_data` when the images were read or cannot be; wanted(backbone, method) when the advice is taken."""

    wanted = Signal(object, object)
    _heard = Signal(object, object)  # (data, Preparing or Score) of a measurement, from its thread

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._facts: DataFacts | None = None
        self._data: DatasetChoice | None = None
        self._measuring: DatasetChoice | None = None
        self._scores: dict[DatasetChoice, list[Score]] = {}  # by what was measured, to the end
        self._found: list[Score] = []  # of the measurement at work
        self._in_use: tuple[BackboneChoice, MethodChoice] | None = None
        self.advice: Recommendation | None = None
        self.card = AdviceCard()
        self.download = DownloadAdvice(parts)
        self.card.card.body.addWidget(self.download)
        in_column(self.card, owner=self)
        self.card.dismiss(str(parts.settings.value(REMEMBERED, "false")) == "true")
        self.hide()
        self._connect()

    def _connect(self) -> None:
        self.card.use.clicked.connect(self._use)
        self.card.measure.clicked.connect(lambda: self.stop() if self.card.is_measuring else self.measure())
        self.card.scores.clicked.connect(self._open_scores)
        self.card.dismissed.connect(self._remember)
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._parts.live.engine_ready.connect(self._adjust)
        self._adjust()

    def tab_order(self) -> tuple[QWidget, ...]:
        return *self.card.tab_order(), *self.download.tab_order()

    # The data and what is set up

    def set_data(self, choice: DatasetChoice | None) -> None:
        """Advise on these images; None where there is nothing to advise, such as for meta-learning."""
        if choice == self._data:
            return
        if self._measuring is not None and (choice is None or images_of(choice) != self._measuring):
            self.stop()
        self._data = choice
        if choice is None:
            self._parts.background.cancel(FACTS)
            self.hide()
            return
        failed = self._parts.background.saying(lambda _: self.hide(), "")  # the data's own column says what is wrong
        self._parts.background.run(lambda cancelled: facts_of(choice), self._take_facts, failed, FACTS)

    def set_in_use(self, backbone: BackboneChoice, method: MethodChoice) -> None:
        """What is set up now."""
        self._in_use = backbone, method
        self._show_in_use()

    def _take_facts(self, facts: DataFacts) -> None:
        self._facts = facts
        self._show()

    def _show(self) -> None:
        if self._facts is None or self._data is None:
            return
        scores = self._scores.get(images_of(self._data), [])
        self.advice = recommend(self._facts, scores)
        self.card.show_advice(self.advice)
        self.download.advise(self._facts, scores)
        self._show_in_use()
        self.show()

    def _show_in_use(self) -> None:
        if self.advice is None or self._in_use is None:
            return
        backbone, method = self._in_use
        advised = self.advice.method
        same_values = advised.hyperparameters.items() <= method.hyperparameters.items()
        same_weights = (backbone.name, backbone.weights) == (self.advice.backbone.name, self.advice.backbone.weights)
        in_use = same_weights and method.name == advised.name and same_values
        self.card.show_in_use(in_use, measuring=self._measuring is not None)

    def _use(self) -> None:
        if self.advice is not None:
            self.wanted.emit(self.advice.backbone, self.advice.method)

    def _remember(self, hidden: bool) -> None:
        self._parts.settings.setValue(REMEMBERED, "true" if hidden else "false")
        if hidden:
            self.stop()

    # Measuring

    def _adjust(self) -> None:
        """Measuring needs torch, which is loaded after the window is there."""
        self.card.measure.setEnabled(self._parts.live.is_engine_ready)

    def measure(self) -> None:
        """Score raw pixels and every backbone on this machine. The advice stays as it is until all are known: what some
        of them say may be wrong of all."""
        if self._data is None:
            return
        data, runs = images_of(self._data), self._parts.workspace.runs
        self._measuring, self._found = data, []
        self.card.show_measuring("Measuring…")
        self._show_in_use()
        self._parts.background.run(
            lambda cancelled: self._work(data, runs, cancelled), lambda _: self._done(data),
            self._parts.background.saying(self._failed, "The backbones could not be measured."), SCORES,
        )  # fmt: skip

    def _open_scores(self) -> None:
        if self._data is not None:
            from ui.new_experiment.starts_dialog import StartsDialog  # what it shows takes a while to load

            StartsDialog(self._parts, images_of(self._data), self.window()).open()

    def _work(self, data: DatasetChoice, runs: Path, cancelled: Callable[[], bool]) -> None:
        """In the background's thread."""
        from engine.advice.transfer_scores import transfer_scores

        scoring = transfer_scores(data, runs)
        for said in scoring:
            if cancelled():
                raise Cancelled
            self._heard.emit(data, said)

    def _hear(self, data: DatasetChoice, said: Preparing | Score) -> None:
        if data != self._measuring:
            return
        if isinstance(said, Preparing):
            share = "" if said.fraction is None else f" {said.fraction:.0%}".replace("%", " %")
            self.card.show_measuring(f"{said.text}…{share}")
        else:
            self._found.append(said)

    def stop(self) -> None:
        """Give up measuring; the advice stays as it was."""
        self._parts.background.cancel(SCORES)
        self._end()

    def _done(self, data: DatasetChoice) -> None:
        self._scores[data] = self._found
        self._end()
        if not self._scores[data]:
            self.card.say("No class has two training examples, so there is nothing to measure on.")

    def _failed(self, words: str) -> None:
        self._end()
        self.card.say(words)

    def _end(self) -> None:
        self._measuring = None
        self.card.show_measuring("")
        self._show()
