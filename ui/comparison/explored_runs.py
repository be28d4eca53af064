"""The test images of one of the compared runs, class by class and one by one; read when somebody looks."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.background import Background
from ui.comparison.sides import Comparison
from ui.exploring.explorer import Explorer
from ui.exploring.reading import OWN, ExaminedRun
from ui.widgets.fields import Choice
from ui.widgets.fold import Fold
from ui.widgets.layouts import in_row
from ui.widgets.text import Text

TITLE = "Test examples of one run"


class ExploredRuns(Fold):
    """Hidden where none of the runs kept its predictions. wanted(run_id, data): read its images of this
    set, as `read_examined` takes it, then `show_run`."""

    wanted = Signal(int, str)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent=parent)
        self.explorer, self.run = Explorer(background), Choice()
        self._sets: dict[int, str] = {}  # of each run whose images were looked at
        label = Text("Run", "small", "muted", wrap=False)
        label.setBuddy(self.run)
        self.run.setAccessibleName("Run whose test examples are shown")
        self.run.setMinimumContentsLength(36)
        self.body.addLayout(in_row(label, self.run, ..., gap=8))
        self.body.addWidget(self.explorer)
        self.run.currentIndexChanged.connect(lambda _: self._ask())
        self.button.toggled.connect(lambda _: self._ask())
        self.explorer.wanted.connect(self._change)

    def show_comparison(self, comparison: Comparison) -> None:
        """The run that is looked at stays where it is still compared."""
        kept = [
            (run.row.id, f"{side.title}, seed {run.row.experiment.seed}")
            for side in comparison.sides for run, result in side.tested
            if any(one.predicted is not None and one.class_names for one in (result, *run.figures))
        ]  # fmt: skip
        self.setVisible(bool(kept))
        self.run.set_options(kept)
        self._ask()

    def look_at(self, run_id: int) -> None:
        """Open it at this run, if it kept its predictions."""
        if self.run.set_key(run_id):
            self.button.setChecked(True)

    def _ask(self) -> None:
        key = self.run.key()
        if self.button.isChecked() and isinstance(key, int):
            self.wanted.emit(key, self._sets.get(key, OWN))

    def _change(self, run_id: int, data: str) -> None:
        self._sets[run_id] = data
        self._ask()

    def show_run(self, run: ExaminedRun | None) -> None:
        """What was read; an answer for another run than is chosen by now is dropped."""
        if run is None or run.run_id == self.run.key():
            self.explorer.show_run(run)
