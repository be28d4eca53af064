"""Find a learning rate: the button beside it, the range test as it runs, the rate it suggests, "Use this value"."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from engine.advice.rate_range import RatePoint, suggest
from engine.comparison.wording import compact
from engine.errors import InvalidExperiment
from engine.events import CLUSTER
from engine.method import Method
from ui.figures.painted_axes import brief
from ui.new_experiment.rate_figure import RateFigure
from ui.parts import Parts
from ui.widgets.buttons import PrimaryButton, button, icon_button
from ui.widgets.fields import FloatField
from ui.widgets.layouts import in_column, in_row
from ui.widgets.number_field import say_below
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.reset_mark import fill
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.experiment import Experiment
    from ui.new_experiment.hyperparameter_form import HyperparameterForm

INTERVAL_MS = 66
KEY = "rate finder"
FIELD = "learning_rate"
NAME = "Find a learning rate…"
IDEA = (
    "A copy of the network takes steps at ever larger rates. A good rate lies where the loss falls steadily, "
    "well before it rises. Click or drag in the figure to choose another."
)
HERE = " The test is made on this machine, whatever machine of the cluster works the run: rates are the same there."


class RateDialog(QDialog):
    """used(rate): the person wants this rate, between `bounds`. The test runs until it or the dialog ends."""

    used = Signal(float)

    def __init__(
        self, parts: Parts, experiment: Experiment, bounds: tuple[float, float], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find a learning rate")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        self._parts = parts
        self._points: list[RatePoint] = []
        self._news: deque[RatePoint | str] = deque()
        self._touched = False
        self.figure, self.rate = RateFigure(), FloatField(*bounds, log=True)
        self.words, self.problem = Text("Preparing…"), Problem()
        self.use = PrimaryButton("Use this value")
        self._lay_out(IDEA + HERE if experiment.device == CLUSTER else IDEA)
        self.rate.setValue(float(experiment.method.hyperparameters["learning_rate"]))
        self.rate.setFocus()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._take_news)
        self.figure.picked.connect(self._pick)
        self.rate.valueChanged.connect(self._pick)
        self.use.clicked.connect(self._use)
        self.finished.connect(self._end)
        self._begin(experiment)

    def _lay_out(self, idea: str) -> None:
        label = QLabel("Learning rate")
        label.setBuddy(self.rate)
        self.rate.setAccessibleName("Learning rate")
        say_below(self.rate)
        self.rate.setMinimumWidth(96)
        self.use.setEnabled(False)
        self.use.setDefault(True)
        self.cancel = button("Cancel", clicked=self.reject)
        self.cancel.setAutoDefault(False)
        foot = in_row(label, self.rate, ..., self.cancel, self.use, gap=8)
        column = in_column(
            Text(idea, role="muted"), (self.figure, 1), self.words, self.problem, foot,
            owner=self, gap=12, edges=16,
        )  # fmt: skip
        # The least height of wrapped words is that of one word per line, which is not what the dialog needs.
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self.setMinimumSize(440, 420)
        fit(self, 600, 500)

    # The test

    def _begin(self, experiment: Experiment) -> None:
        if reason := why_not(self._parts):
            self._fail(reason)
            return
        if experiment.device == CLUSTER:
            experiment = experiment.model_copy(update={"device": "cpu"})
        news, runs = self._news, self._parts.workspace.runs

        def work(cancelled: Callable[[], bool]) -> None:
            from engine.advice.rate_finder import find_rates

            for said in find_rates(experiment, runs, cancelled):
                news.append(said if isinstance(said, RatePoint) else said.text)

        self._timer.start()
        failed = self._parts.background.saying(self._fail, "The test could not be made.")
        self._parts.background.run(work, lambda _: self._finish(), failed, key=KEY)

    def _take_news(self) -> None:
        before = len(self._points)
        while self._news:
            said = self._news.popleft()
            if isinstance(said, RatePoint):
                self._points.append(said)
            else:
                self.words.setText(f"{said}…")
        if len(self._points) > before:
            self.figure.set_points(tuple(self._points))
            self.words.setText(f"Testing rates: {brief(float(f'{self._points[-1].rate:.2g}'))}")

    def _finish(self) -> None:
        self._timer.stop()
        self._take_news()
        found = suggest(self._points)
        self.words.setText(found.reason if found.rate is None else f"Suggested: {compact(found.rate)}. {found.reason}")
        if found.rate is not None and not self._touched:
            self._show_rate(found.rate)

    def _fail(self, reason: str) -> None:
        self._timer.stop()
        self.words.hide()
        self.problem.say(reason)

    # The rate

    def _pick(self, rate: float) -> None:
        self._touched = True
        self._show_rate(rate)

    def _show_rate(self, rate: float) -> None:
        fill({self.rate: self.rate.inside(rate)})
        self.figure.set_rate(self.rate.value())
        self.use.setEnabled(True)

    def _use(self) -> None:
        self.used.emit(self.rate.value())
        self.accept()

    def _end(self) -> None:
        self._timer.stop()
        self._parts.background.cancel(KEY)


def why_not(parts: Parts) -> str:
    """Why the test cannot start now, or nothing."""
    if not parts.live.is_engine_ready:
        return "PyTorch is still being loaded. Try again in a few seconds."
    if parts.queue.here():
        return "A run is training, and the test would slow both down. Try again when it has ended."
    return ""


class RateButton(QObject):
    """Stands beside the learning rate of every fine-tuning form. experiment: what is set up now; it may raise."""

    def __init__(self, parts: Parts, experiment: Callable[[], Experiment], page: QWidget) -> None:
        super().__init__(page)
        self._parts, self._experiment, self._page = parts, experiment, page
        self._row: Any = None  # the form's row of the learning rate
        self.button: QToolButton | None = None

    def join(self, form: HyperparameterForm, method: type[Method]) -> None:
        """Put the button into this form, once."""
        row = form.rows.get(FIELD) if FIELD in method.searched else None
        if row is self._row:
            return
        self._row, self.button = row, None
        if row is None:
            return
        self.button = icon_button("search", NAME, self.open)
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        grid = row.layout()
        assert isinstance(grid, QGridLayout)
        grid.removeWidget(row.input)
        both = in_row((row.input, 1), self.button, gap=4)
        grid.addLayout(both, 0, 1)

    def follow_tabs(self) -> None:
        """Tab comes here after the learning rate."""
        if self._row is not None and self.button is not None:
            QWidget.setTabOrder(self._row.input, self.button)

    def open(self) -> RateDialog | None:
        """Start the test in its dialog; what is wrong with the experiment is said instead."""
        if self._row is None:
            return None
        try:
            experiment = self._experiment()
        except InvalidExperiment as fault:
            self._parts.toasts.show(str(fault), level="warning")
            return None
        field = self._row.input
        dialog = RateDialog(self._parts, experiment, (field.minimum(), field.maximum()), self._page)
        dialog.used.connect(self._use)
        dialog.open()
        return dialog

    def _use(self, rate: float) -> None:
        if self._row is not None:
            self._row.input.setValue(rate)
