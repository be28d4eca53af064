"""The adviser of New experiment: what to start with on the chosen images, measured in the background when asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.advice.adviser import DataFacts, Recommendation, Score, facts_of, recommend
from engine.errors import Cancelled, ExperimentError
from engine.events import Preparing
from engine.experiment import BackboneChoice, DatasetChoice, MethodChoice
from ui.new_experiment.advice_card import AdviceCard
from ui.parts import Parts
from ui.widgets.layouts import in_column

REMEMBERED = "new experiment/advice hidden"
FACTS, SCORES = "advice", "advice scores"  # keys of the background's work


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
        in_column(self.card, owner=self)
        self.card.dismiss(str(parts.settings.value(REMEMBERED, "false")) == "true")
        self.hide()
        self._connect()

    def _connect(self) -> None:
        self.card.used.connect(self._use)
        self.card.measure_wanted.connect(self.measure)
        self.card.stop_wanted.connect(self.stop)
        self.card.dismissed.connect(self._remember)
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._parts.live.engine_ready.connect(self._adjust)
        self._adjust()

    def tab_order(self) -> tuple[QWidget, ...]:
        return self.card.tab_order()

    # The data and what is set up

    def set_data(self, choice: DatasetChoice | None) -> None:
        """Advise on these images; None where there is nothing to advise, such as for meta-learning."""
        if choice == self._data:
            return
        if self._measuring is not None and (choice is None or measured_of(choice) != self._measuring):
            self.stop()
        self._data = choice
        if choice is None:
            self._parts.background.cancel(FACTS)
            self.hide()
            return
        self._parts.background.run(lambda cancelled: facts_of(choice), self._take_facts, self._lose_facts, FACTS)

    def set_in_use(self, backbone: BackboneChoice, method: MethodChoice) -> None:
        """What is set up now."""
        self._in_use = backbone, method
        self._show_in_use()

    def _take_facts(self, facts: DataFacts) -> None:
        self._facts = facts
        self._show()

    def _lose_facts(self, error: Exception) -> None:
        """The data cannot be read or divided, which its own column says."""
        self.hide()
        if not isinstance(error, ExperimentError):
            self._parts.background.crashed.emit(error)

    def _show(self) -> None:
        if self._facts is None or self._data is None:
            return
        self.advice = recommend(self._facts, self._scores.get(measured_of(self._data), []))
        self.card.show_advice(self.advice)
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
        data, runs = measured_of(self._data), self._parts.workspace.runs
        self._measuring, self._found = data, []
        self.card.show_measuring("Measuring…")
        self._show_in_use()
        self._parts.background.run(
            lambda cancelled: self._work(data, runs, cancelled), lambda _: self._done(data),
            lambda error: self._failed(data, error), SCORES,
        )  # fmt: skip

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
            self.card.say("No class has two training images, so there is nothing to measure on.")

    def _failed(self, data: DatasetChoice, error: Exception) -> None:
        self._end()
        if isinstance(error, ExperimentError):
            self.card.say(str(error))
        else:
            self.card.say("The backbones could not be measured.")
            self._parts.background.crashed.emit(error)

    def _end(self) -> None:
        self._measuring = None
        self.card.show_measuring("")
        self._show()


def measured_of(choice: DatasetChoice) -> DatasetChoice:
    """The part of a choice that scores depend on: not how many labels a run uses, nor what else it is tested on."""
    return choice.model_copy(update={"labels_per_class": None, "validation_per_class": None, "tested_on": ()})
