"""New experiment: data, backbone, method, start, read from left to right."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPainter, QPaintEvent

from engine import registry
from engine.comparison.wording import count
from engine.data.sources import kind_of
from engine.errors import InvalidExperiment
from engine.experiment import BackboneChoice, DatasetChoice, Experiment, MethodChoice
from engine.families import FAMILIES
from engine.meta.learner import MetaLearner
from ui import theme
from ui.new_experiment.adviser_part import AdviserPart
from ui.new_experiment.around import Around
from ui.new_experiment.backbone_section import START as BACKBONE
from ui.new_experiment.backbone_section import BackboneSection
from ui.new_experiment.checks import Checks
from ui.new_experiment.copied_command import copy_command
from ui.new_experiment.costs import Costs
from ui.new_experiment.data_section import DataSection
from ui.new_experiment.data_settings import START as DATA
from ui.new_experiment.first_run import FirstRun
from ui.new_experiment.fitting import Seen
from ui.new_experiment.form_history import FormHistory, FormState
from ui.new_experiment.method_section import START as METHOD
from ui.new_experiment.method_section import MethodSection
from ui.new_experiment.rate_dialog import RateButton
from ui.new_experiment.start_section import StartSection
from ui.new_experiment.task_kind import TaskKind
from ui.parts import Page, Parts
from ui.widgets.column import chain
from ui.widgets.deed import deed_action
from ui.widgets.frame import SlimArea, ThinSplitter
from ui.widgets.layouts import in_column
from ui.widgets.number_field import take_what_is_typed
from ui.widgets.reset_mark import reset_focused
from ui.window_memory import WindowMemory

if TYPE_CHECKING:
    from storage.store import RunRow

WIDTHS, LEAST_WIDTHS = (290, 274, 316, 250), (232, 220, 232, 222)
MOST_START = 320  # pixels of the last column
COPY = ("Copy as command", "Ctrl+Shift+C", "copy", "Put the terminal's line for the same experiment on the clipboard")
RESET_FIELD = ("Reset this field", "Ctrl+Shift+Backspace", "reset", "Give the field with the keyboard its usual value")
START_OVER = ("Start over", "", "reset", "Set everything as it is at first; Ctrl+Z takes it back")


class NewExperimentPage(Page):
    """Builds an `Experiment` from its four columns; checks and measures it in the background on every change."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.data = DataSection(parts)
        self.backbone = BackboneSection(parts, self.data.choice)
        self.method = MethodSection(parts)
        self.launch = StartSection(parts)
        self.adviser = AdviserPart(parts)
        self.launch.body.insertWidget(self.launch.body.count() - 1, self.adviser)
        self.welcome = FirstRun(parts)
        self.kind = TaskKind(self.data, self.backbone, self.method)
        self.rates = RateButton(parts, self.experiment, self)
        self._lay_out()
        self.checks = Checks(self.sections, self.experiment, parts.background, self)
        self.costs = Costs(
            parts, self.launch.cost, self.experiments, self.checks.is_wrong, self.launch.free_bytes, self
        )
        self._memory = WindowMemory(parts.settings)
        self.history: FormHistory = FormHistory(
            self.state, self.show_state, lambda now: self._memory.set_form(now.as_json()), self
        )
        self.does = {
            "open folder": self.data.choose_folder,
            "open zip": self.data.choose_file,
            "start": self.start,
            "queue": partial(self.start, stay=True),
        }
        self._connect()
        self._adopt_method()
        deeds = ((COPY, self.copy_command), (RESET_FIELD, lambda: reset_focused(self)), (START_OVER, self.start_over))
        for entry, deed in deeds:
            self.addAction(deed_action(self, entry, deed))
        self._restore()
        self.checks.judge()  # nothing is known yet: Start is off until the images are read and checked
        self._has_painted = False

    def _lay_out(self) -> None:
        """What is set up scrolls sideways where it is wider than its place; Start is always there."""
        self.steps, self.splitter = ThinSplitter("new experiment"), ThinSplitter("new experiment and start")
        for section, least, stretch in zip(self.sections, LEAST_WIDTHS, (5, 4, 5, 0), strict=True):
            section.setMinimumWidth(least)
            if section is not self.launch:
                self.steps.addWidget(section)
                self.steps.setStretchFactor(self.steps.count() - 1, stretch)
        self.splitter.addWidget(SlimArea(self.steps))
        self.splitter.addWidget(self.launch)
        self.launch.setMaximumWidth(MOST_START)
        self.splitter.setStretchFactor(0, 4)
        self.splitter.setStretchFactor(1, 1)
        in_column(self.welcome, (self.splitter, 1), owner=self, gap=0)
        self.reset_layout()

    @property
    def sections(self) -> tuple[DataSection, BackboneSection, MethodSection, StartSection]:
        return self.data, self.backbone, self.method, self.launch

    def _connect(self) -> None:
        for section in self.sections:
            section.changed.connect(self._note_change)
        self.data.judged.connect(self.checks.judge)
        self.data.judged.connect(self._advise)
        self.adviser.wanted.connect(self._take_advice)
        self.adviser.download.listed.connect(self._order_tabs)
        self.backbone.listed.connect(self._order_tabs)
        self.backbone.listed.connect(self.history.note)
        self.method.family_changed.connect(lambda _: self._adopt_method())
        self.method.changed.connect(self._adopt_method)
        self.launch.started.connect(self.start)
        self.method.layers.undo.connect(self.history.undo)
        self.method.layers.redo.connect(self.history.redo)
        self.launch.copy_button.clicked.connect(self.copy_command)
        self.parts.navigator.current = self.experiment
        self.parts.live.engine_ready.connect(self.costs.measure_soon)
        if self.parts.live.is_engine_ready:
            self.costs.measure_soon()

    def reset_layout(self) -> None:
        self.steps.setSizes(list(WIDTHS[:3]))
        self.splitter.setSizes([sum(WIDTHS[:3]), WIDTHS[3]])

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour("page"))
        if not self._has_painted:  # what takes long to look up waits until there is something to see
            self._has_painted = True
            QTimer.singleShot(0, self, self._load)

    def _load(self) -> None:
        self.data.load()
        self.backbone.load()
        self.welcome.look()

    # The experiment

    def experiment(self) -> Experiment:
        """What is set up, with its first seed; hyperparameters complete. Raises `InvalidExperiment`."""
        return self.experiments()[0]

    def experiments(self) -> list[Experiment]:
        """One per seed. Raises `InvalidExperiment`."""
        base = Experiment(dataset=self.data.choice(), backbone=self.backbone.choice(), method=self.method.choice())
        base = base.model_copy(update={"tasks": self.data.tasks.choice(base.dataset.labels_per_class)})
        return self.launch.experiments(registry.complete(base))

    def receive(self, request: Experiment | DatasetChoice | Path) -> None:
        """Fill in an experiment, use a data set, or the images of a folder or a zip."""
        if isinstance(request, Experiment):
            self.fill(request)
        else:
            self.data.use(request)

    def leave(self) -> None:
        self.history.take()

    def fill(self, experiment: Experiment) -> None:
        """Show this experiment in all four columns. A Start that waits was meant for the one before."""
        self.checks.leave()
        self.kind.expect(experiment.dataset)
        self.backbone.fill(experiment.backbone)  # first: the method's layer table is one of this network's blocks
        try:
            self.method.fill(experiment.method, experiment.backbone)
        except InvalidExperiment as fault:
            self.parts.toasts.show(str(fault), level="error")
        self.data.fill(experiment.dataset)
        if self.method.method.name == experiment.method.name:  # whose usual values have followed the data meanwhile
            self.method.fill(experiment.method, experiment.backbone)
        self.data.tasks.fill(experiment.tasks, experiment.dataset.labels_per_class)
        self.launch.fill(experiment)
        self.backbone.keep(experiment.backbone)
        self._note_change()

    def _adopt_method(self) -> None:
        """Tell the other columns what the method needs of them."""
        method = self.method.method
        family = FAMILIES[method.family]
        self.backbone.set_uses_pretrained(method.uses_pretrained)
        self.launch.set_timed_allowed(family.for_a_time)
        self.launch.set_keeping_allowed(family.along)
        self.launch.search.set_method(method)
        self.data.set_family(family.key)
        self._show_around()
        if isinstance(built := self.method.layers.built, MetaLearner):
            self.data.set_episode(built.episodes, self.launch.first_seed.value())

    def _show_around(self) -> None:
        """Tell the method's column what else is set up; a network that is not known is named by the checks."""
        info = None
        with suppress(InvalidExperiment):
            info = self.backbone.info()
        self.method.set_around(Around(self.data.choice(), self.backbone.choice(), info, self.launch.timed_minutes()))
        self.rates.join(self.method.form, self.method.method)

    def _advise(self) -> None:
        """Advise on the images that were read, and list what suits them first; meta-learning has its own ways."""
        found = self.data.preview.found
        if found is not None:
            self.backbone.set_seen(Seen(found.side, found.channels, kind_of(self.data.choice())))
            self._order_tabs()
        if found is None or self.data.preview.fault or FAMILIES[self.method.method.family].divides != "images":
            self.adviser.set_data(None)
            return
        self.kind.meet(found.side, found.channels)
        self.adviser.set_data(self.data.choice())

    def _take_advice(self, backbone: BackboneChoice, method: MethodChoice) -> None:
        self.method.fill(method, backbone)
        self.backbone.fill(backbone)

    # What follows a change

    def is_settled(self) -> bool:
        """True when the data is read and what is set up now has been checked."""
        return self.checks.is_settled()

    def _order_tabs(self) -> None:
        """Tab goes through the columns from left to right, also where cards and forms were made later."""
        columns = (self.welcome, self.data, self.backbone, self.method, self.launch, self.adviser)
        chain(*(widget for column in columns for widget in column.tab_order()))
        self.rates.follow_tabs()

    def _note_change(self) -> None:
        self._show_around()
        self.launch.search.set_labels(self.data.choice().labels_per_class)
        self._order_tabs()
        self.adviser.set_in_use(self.backbone.choice(), self.method.choice())
        self.checks.check_soon()
        self.costs.measure_soon()
        self.history.note()

    # Undo, and another day

    def state(self) -> FormState | None:
        """What is set up; None while the weights to begin with are looked for, or where it is no experiment."""
        with suppress(InvalidExperiment):
            return FormState(self.experiment(), self.launch.seeds.value()) if self.backbone.is_settled() else None
        return None

    def show_state(self, state: FormState) -> None:
        self.fill(state.experiment)
        self.launch.seeds.setValue(state.seeds)

    def _restore(self) -> None:
        """Show what was set up when the program was last used."""
        with suppress(ValueError, InvalidExperiment):
            self.show_state(FormState.from_json(self._memory.form()))

    def start_over(self) -> None:
        """The form as a newcomer meets it; Ctrl+Z brings back what was there."""
        self.fill(Experiment(dataset=DATA, backbone=BACKBONE, method=MethodChoice(name=METHOD)))

    def copy_command(self) -> None:
        """Put the line for the terminal that gives the same experiment on the clipboard."""
        take_what_is_typed()
        copy_command(self.parts, self.experiments, self.launch.name.text().strip())

    # Start

    def start(self, stay: bool = False) -> None:
        """Save one run per seed and put them in line; then show the first, or with `stay` remain here."""
        take_what_is_typed()
        self.checks.once_checked(partial(self._start, stay))

    def _start(self, stay: bool) -> None:
        if not self.launch.start_button.isEnabled():
            self.parts.toasts.show(f"Not started. {self.launch.reason.text()}", level="warning")
            return
        self.parts.submit(
            self.experiments(), self.launch.name.text().strip(), then=lambda rows: self._submitted(rows, stay)
        )

    def _submitted(self, rows: list[RunRow], stay: bool) -> None:
        show = partial(self.parts.navigator.open, "runs", rows[0].id)
        if stay or not self.isVisible():  # somebody is elsewhere since
            self.parts.toasts.show(f"{count(len(rows), 'runs')} added to the queue.", "Show", show)
        else:
            show()
