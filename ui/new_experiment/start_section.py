"""Last column of New experiment: cost, device, seeds, budget, what is in the way, and Start."""

from __future__ import annotations

from contextlib import suppress

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from engine.comparison.wording import size
from engine.errors import ExperimentError
from engine.experiment import Budget, Experiment
from engine.given import MOST_SEED
from ui import theme
from ui.new_experiment.costs import CostCard
from ui.new_experiment.device_choice import TIP, DeviceChoice
from ui.new_experiment.search_settings import SearchSettings
from ui.parts import Parts
from ui.widgets.buttons import PrimaryButton, button, icon_button
from ui.widgets.column import Column
from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import Choice, FloatField, IntField
from ui.widgets.fold import Fold
from ui.widgets.layouts import in_row
from ui.widgets.problem import Problem
from ui.widgets.reset_mark import fill, on_change
from ui.widgets.text import Text

MOST_SEEDS = 10
LIMITS: list[tuple[object, str]] = [(False, "At the latest"), (True, "Instead of epochs")]
LIMIT_HELP = "Stop after this time at the latest, or train exactly this long, however many epochs that is."
PRECISIONS: list[tuple[object, str]] = [("float32", "float32"), ("bfloat16", "bfloat16"), ("automatic", "Automatic")]
PRECISION_HELP = "bfloat16 is faster on some processors, and rougher. Automatic times a step and takes the faster one."
KEPT: list[tuple[object, str]] = [("best and last", "Best and last"), ("along the way", "Along the way")]
KEPT_HELP = (
    "Along the way also keeps the weights after epochs 1, 2, 4, 8, … of each stage, a file each: the path of this run "
    "in the plane between runs. It changes nothing of the training; what it takes is said under Cost."
)
WAITS = "Starts once the data are read."
WARNINGS = "warnings"  # what is looked for in the background
OWN_FIELDS = ("device", "precision", "budget", "seed", "search", "checkpoints")  # problems shown here


class StartSection(Column):
    """changed: a setting of this column. started(stay): Start or, with stay, Add to queue was pressed. left: what was
    pressed is to be forgotten, as it waits."""

    changed = Signal()
    started = Signal(bool)
    left = Signal()

    def __init__(self, parts: Parts, parent: QWidget | None = None) -> None:
        super().__init__("Start", 4, parent)
        self._parts = parts
        self.cost = CostCard()
        self.body.addLayout(self._first_fields())
        self.search = SearchSettings()
        self.search.changed.connect(self.changed)
        self.body.addWidget(self.search)
        self.more = self._more()
        self.body.addWidget(self.more)
        self.body.addWidget(self.cost)
        self.finish()
        on_change(self._choose_device, self.device)
        self.device.known.connect(self._show_free)
        on_change(self._show_limit, self.minutes)
        on_change(self.changed.emit, self.seeds, self.first_seed, self.minutes, self.limit, self.precision, self.kept)
        self._pressed = QTimer(self, singleShot=True, interval=QApplication.doubleClickInterval())
        self._add_foot()

    def _first_fields(self) -> FieldGrid:
        grid = FieldGrid(dense=True)
        self.device = DeviceChoice(self._parts)
        self.seeds = IntField(1, MOST_SEEDS)
        self.name = QLineEdit(placeholderText="Automatic", maxLength=120)
        grid.add("Device", self.device, TIP, lambda: "cpu")
        grid.add("Seeds", self.seeds, "How many times to run it, each with another seed: an interval.", lambda: 1)
        grid.add("Name", self.name, "How the run is called; its settings if empty.")
        return grid

    def _more(self) -> Fold:
        self.first_seed = IntField(0, MOST_SEED)
        self.minutes = FloatField(0.0, None)
        self.minutes.setSpecialValueText("None")
        self.minutes.setSuffix(" min")
        self.limit = Choice(LIMITS)
        self._timed_allowed, self._filled_timed = True, False
        self.precision = Choice(PRECISIONS)
        self.kept, self._may_keep = Choice(KEPT), True
        more = Fold("More")
        grid = FieldGrid(dense=True)
        order = "Draws the labelled examples, the new head and the batch order."
        grid.add("First seed", self.first_seed, order, lambda: 0)
        grid.add("Time limit", self.minutes, "Stop training after this long and test the best weights.", lambda: 0.0)
        self.limit.setAccessibleName("What the time limit means")
        for description in (self.limit.setToolTip, self.limit.setAccessibleDescription):
            description(LIMIT_HELP)
        grid.addWidget(self.limit, grid.rowCount(), 0, 1, 2)
        grid.add("Precision", self.precision, PRECISION_HELP, lambda: "float32")
        self._kept_row = grid.add("Weights kept", self.kept, KEPT_HELP, lambda: "best and last")
        more.body.addLayout(grid)
        self._show_limit()
        return more

    def _add_foot(self) -> None:
        self.problem, self.warning = Problem(), Problem("warning")
        self.reason = Text("", "small", "muted")
        self.reason.hide()
        self.start_button = PrimaryButton("Start", "play")
        self.start_button.setToolTip("Start and watch it learn (Ctrl+R)")
        self.start_button.clicked.connect(lambda: self._press(False))
        tip = "Put it in line and set up another one (Ctrl+Shift+R)"
        self.queue_button = button("Add to queue", "queue", tip, lambda: self._press(True))
        self.copy_button = icon_button("copy", "Copy as command (Ctrl+Shift+C)")
        self.foot.setSpacing(theme.GRID)
        self.notice.add(self.warning, self.problem, self.reason)
        self.foot.addWidget(self._waiting_row())
        self.foot.addWidget(self.start_button)
        row = in_row((self.queue_button, 1), self.copy_button, gap=theme.GRID)
        self.foot.addLayout(row)

    def _waiting_row(self) -> QWidget:
        """What was pressed before the data are read, and the way back."""
        self.waiting = QWidget()
        self.leave_button = button("Don't start", "", "Forget that Start was pressed", self.left.emit)
        in_row((Text(WAITS, "small", "muted"), 1), self.leave_button, owner=self.waiting, gap=theme.GRID)
        self.waiting.hide()
        return self.waiting

    def show_waiting(self, waits: bool) -> None:
        """Whether something was pressed that waits for the data."""
        self.waiting.setVisible(waits)

    def _press(self, stay: bool) -> None:
        """Once for a double click, however long the first of the two takes."""
        if not self._pressed.isActive():
            self._pressed.start()
            self.started.emit(stay)

    # What is chosen

    def tab_order(self) -> tuple[QWidget, ...]:
        more = (*self.search.tab_order(), self.more.button, self.first_seed, self.minutes, self.limit)
        foot = (self.leave_button, self.start_button, self.queue_button, self.copy_button)
        return self.device, self.seeds, self.name, *more, self.precision, self.kept, *foot

    def experiments(self, base: Experiment) -> list[Experiment]:
        """One experiment per seed, with the settings of this column. Raises `InvalidExperiment`."""
        settings = {
            "device": self.device.device(),
            "precision": str(self.precision.key()),
            "checkpoints": str(self.kept.key()) if self._may_keep else "best and last",
            "budget": Budget(minutes=self.minutes.value() or None, instead_of_epochs=self._is_timed()),
            "search": self.search.choice(),
        }
        first = self.first_seed.value()
        filled = base.model_copy(update=settings)
        return [filled.with_seed(first + offset) for offset in range(self.seeds.value())]

    def fill(self, experiment: Experiment) -> None:
        """Show the settings of this experiment: one run with its seed."""
        budget = experiment.budget
        with QSignalBlocker(self.device):
            self.device.show_device(experiment.device)
        fill({
            self.device: experiment.device, self.seeds: 1, self.first_seed: experiment.seed,
            self.minutes: budget.minutes or 0.0, self.limit: budget.instead_of_epochs,
            self.precision: experiment.precision, self.kept: experiment.checkpoints,
        })  # fmt: skip
        self._filled_timed = budget.instead_of_epochs
        self._show_limit()
        if budget.minutes:
            self.more.button.setChecked(True)
        self.search.fill(experiment.search)

    def _is_timed(self) -> bool:
        """As chosen; where that is not shown, as it was filled in."""
        return bool(self.timed_minutes()) if self._timed_allowed else self._filled_timed

    def timed_minutes(self) -> float:
        """Minutes that it trains instead of its epochs; 0 when the epochs count."""
        timed = self._timed_allowed and bool(self.limit.key())
        return self.minutes.value() if timed else 0.0

    def set_timed_allowed(self, allowed: bool) -> None:
        """Whether the method can train for a time instead of a number of epochs."""
        self._filled_timed &= allowed == self._timed_allowed
        self._timed_allowed = allowed
        self._show_limit()

    def set_keeping_allowed(self, allowed: bool) -> None:
        """Whether the method can keep weights along the way."""
        self._may_keep = allowed
        for widget in self._kept_row:
            widget.setVisible(allowed)

    def _show_limit(self) -> None:
        self.limit.setVisible(self._timed_allowed)
        self.limit.setEnabled(self.minutes.value() > 0)

    def free_bytes(self) -> int | None:
        """Memory free on the chosen device, None if it is not known."""
        return self.device.free.get(self.device.device())

    def _choose_device(self) -> None:
        self._show_free()
        self.changed.emit()

    def _show_free(self) -> None:
        free = self.free_bytes()
        self.cost.set_usual(f"{size(free)} of memory free" if free else "")

    # What is in the way

    def warn_of(self, checked: Experiment | None) -> None:
        """Say before the start what the weights have met before and what the network was not made for."""
        runs = self._parts.workspace.runs

        def look(cancelled: object) -> list[str]:
            from engine.provenance.noted import warnings

            with suppress(ExperimentError):  # which the checks have named
                return warnings(checked, runs) if checked else []
            return []

        self._parts.background.run(look, lambda said: self.warning.say(*said), key=WARNINGS)

    def warn(self, words: str) -> None:
        """Say this, whatever was looked for."""
        self._parts.background.cancel(WARNINGS)
        self.warning.say(words)

    def allow(self, reason: str, problem: str = "", waits: bool = False) -> None:
        """Turn Start on, or off with the reason. problem: something that is wrong in this column. waits: the reason
        goes away by itself, so that it is not shown, and what is pressed meanwhile is done then."""
        self.problem.say(problem)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason) and reason != problem and not waits)
        for control in (self.start_button, self.queue_button):
            control.setEnabled(waits or not reason)
        self.start_button.setAccessibleDescription(reason)
