"""The builder: a prepared study or one of one's own, what it asks, and how many runs that takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QDialog, QHBoxLayout, QWidget

from engine.comparison.wording import count
from engine.errors import ExperimentError
from engine.studies.cells import count_runs
from engine.studies.study import Study, completed, study_presets
from ui.parts import Parts
from ui.studies.study_form import StudyForm
from ui.widgets.buttons import PrimaryButton, button
from ui.widgets.card import ChoiceCard
from ui.widgets.column import caption
from ui.widgets.frame import ThinSplitter, WordsArea
from ui.widgets.layouts import in_column, in_row
from ui.widgets.place import fit
from ui.widgets.problem import Problem
from ui.widgets.text import Text

OWN = "own"  # key of the card that starts with nothing
KEY = "study builder"  # of the check in the background
BROKEN = "The study could not be checked. It can be begun; a run that fails says why."
CHECK_AFTER = 250  # milliseconds of quiet


class StudyBuilder(QDialog):
    """accepted_study(Study, start at once): what was made. base: settings to begin with; changing: that very study."""

    accepted_study = Signal(object, bool)

    def __init__(self, parts: Parts, base: Study | None, changing: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.study: Study | None = None  # what is set, once it was checked
        self.cards: dict[str, ChoiceCard] = {}
        self.setWindowTitle("Change the study" if changing else "New study")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form = StudyForm(parts)
        self._build(with_presets=base is None)
        self._soon = QTimer(self, singleShot=True, interval=CHECK_AFTER)
        self._soon.timeout.connect(self._check)
        self.form.changed.connect(self._expect)
        presets = study_presets()
        if base is not None:
            self.form.fill(base)
        elif presets:
            self.choose(presets[0].name)
        self._expect()
        fit(self, 980 if base is None else 700, 640)
        if base is None:
            self._splitter.setSizes([self.width() // 3, 2 * self.width() // 3])

    # Building

    def _build(self, with_presets: bool) -> None:
        self.problem = Problem()
        self.runs = Text("", "small", "muted")
        column = in_column(owner=self, gap=12, edges=16)
        if with_presets:
            self._splitter = ThinSplitter("study builder", self._preset_list(), scrolled(self.form))
            column.addWidget(self._splitter, 1)
        else:
            column.addWidget(scrolled(self.form), 1)
        column.addWidget(self.problem)
        column.addLayout(self._buttons())

    def _preset_list(self) -> QWidget:
        inner = QWidget()
        column = in_column(caption("Prepared studies"), owner=inner, gap=8, edges=(0, 0, 8, 0))
        group = QButtonGroup(self)
        for study in study_presets():
            facts = f"{count(count_runs(study), 'runs')}, bundled data"
            column.addWidget(self._card(group, study.name, study.title, facts, study.description))
        column.addWidget(caption("Or"))
        words = "Arms, label counts, shifts and seeds of your choice."
        column.addWidget(self._card(group, OWN, "A study of your own", "", words))
        column.addStretch(1)
        group.buttonClicked.connect(lambda card: self.choose(card.key))
        return scrolled(inner)

    def _card(self, group: QButtonGroup, key: str, title: str, facts: str, idea: str) -> ChoiceCard:
        card = self.cards[key] = ChoiceCard(key, title, facts, idea)
        group.addButton(card)
        return card

    def _buttons(self) -> QHBoxLayout:
        self.start = PrimaryButton("Save and start", "play")
        self.save = button("Save", "", "Keep it among the studies without starting it")
        cancel = button("Cancel", clicked=self.reject)
        self.start.clicked.connect(lambda: self._finish(start=True))
        self.save.clicked.connect(lambda: self._finish(start=False))
        row = in_row((self.runs, 1), gap=8)
        for control in (cancel, self.save, self.start):
            control.setAutoDefault(False)
            control.setMinimumHeight(36)
            row.addWidget(control)
        self.start.setDefault(True)
        return row

    # Choosing and checking

    def choose(self, key: str) -> None:
        """Begin with this preset, or with nothing."""
        self.cards[key].setChecked(True)
        known = {study.name: study for study in study_presets()}
        self.form.fill(known.get(key))
        self._expect()

    def _expect(self) -> None:
        self._parts.background.cancel(KEY)  # what was asked of the form as it was
        self.study = None
        for control in (self.start, self.save):
            control.setEnabled(False)
        self.runs.setText("Checking…")
        self._soon.start()

    def _check(self) -> None:
        """Read the form; what can be run is then held against the data in the background."""
        try:
            study = completed(self.form.study())
            runs = count_runs(study)
        except ExperimentError as error:
            self._say(str(error), "")
            return
        self._parts.background.run(
            partial(examine, study), lambda _: self._accept(study, runs), lambda e: self._refuse(e, study, runs), KEY
        )

    def _accept(self, study: Study, runs: int) -> None:
        self.study = study
        self._say("", f"This takes {count(runs, 'runs')}. How long that is, is known after the first of them.")
        for control in (self.start, self.save):
            control.setEnabled(True)

    def _refuse(self, error: Exception, study: Study, runs: int) -> None:
        """A check that itself breaks keeps nobody from beginning."""
        if isinstance(error, ExperimentError):
            self._say(str(error), count(runs, "runs"))
            return
        self._parts.background.crashed.emit(error)
        self._accept(study, runs)
        self.problem.say(BROKEN)

    def _say(self, problem: str, runs: str) -> None:
        self.problem.say(problem)
        self.runs.setText(runs)

    def _finish(self, start: bool) -> None:
        if self.study is not None:
            self.accepted_study.emit(self.study, start)
            self.accept()

    def done(self, result: int) -> None:
        """Nothing is checked any more."""
        self._soon.stop()
        self._parts.background.cancel(KEY)
        super().done(result)


def examine(study: Study, cancelled: Callable[[], bool]) -> None:
    """In the background: raise the first fault of the study."""
    from engine.studies.checks import check_study

    check_study(study, cancelled)


def scrolled(content: QWidget) -> QWidget:
    """The content in a scroll area with room at its right."""
    outer = QWidget()
    in_row(WordsArea(content), owner=outer, edges=(4, 0, 0, 0))
    return outer
