"""What the chosen run still knows of the run it started from: its way, the figures, a button where none is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.comparison.intervals import Interval
from engine.comparison.wording import figure, interval_text
from engine.events import Evaluated
from engine.metrics import FORGOTTEN, FRESH_PROBE, OLD_HEAD, SOURCE
from engine.work.recorder import SavedCurve
from ui.figures.kept_figure import KeptFigure
from ui.figures.kept_paths import HOW_TO_READ, READERS, TITLE, KeptPath, points_of
from ui.figures.painted import Section
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

UNMEASURED = (
    "How well it still tells the classes of the run it started from: by that run’s head, and by a fresh probe on the "
    "new features. Measured on test examples that neither run has learnt from."
)
AS_BEFORE = "The old head tells the old classes as well as before, as far as these can show."
NOT_FITTING = "As far as these can show, the features still hold it: only the old head no longer fits them."
GONE = "Part of the knowledge itself is gone: a fresh probe does not find it either."


class KeptView(QWidget):
    """Hidden until there is something to show or to measure. measure_wanted, cancel_wanted: by the one button."""

    measure_wanted, cancel_wanted = Signal(), Signal()

    def __init__(self) -> None:
        super().__init__()
        self.figure, self.how = KeptFigure(), Text(HOW_TO_READ, "small", "muted")
        self.words, self.protocol = Text(), Text("", "small", "muted")
        self.button = button("Measure", tip="A pass over examples of both kinds", clicked=self._ask)
        self._is_at_work = False
        self._section = Section(TITLE, self.figure, self.figure.menu)
        in_column(self._section, self.how, self.words, in_row(self.button, ...), self.protocol, owner=self, gap=8)
        self.hide()

    def show_run(
        self, curves: Mapping[str, SavedCurve], results: Sequence[Evaluated], run_id: int, measurable: bool
    ) -> None:
        """measurable: it has ended, and started from a run that can be asked about."""
        paths = [
            KeptPath(words, points_of(curves, reader), run_id, dashed=reader == FRESH_PROBE)
            for reader, words in READERS.items()
        ]
        said = findings(results)
        drawn = any(path.points for path in paths)
        self.figure.show_paths(paths)
        for part in (self.figure, self.how):
            part.setVisible(drawn)
        self._section.set_menu_shown(drawn)
        self._say(said or (UNMEASURED if measurable else ""), rests_on(results))
        self.button.setVisible(measurable and not said)
        self._set_at_work(False)
        self.setVisible(drawn or bool(said) or measurable)

    def show_at_work(self, words: str) -> None:
        self._say(words, "")
        self._set_at_work(True)

    def show_failed(self, words: str) -> None:
        """It could not be measured, and why."""
        self._say(words, "")
        self._set_at_work(False)

    def _say(self, words: str, protocol: str) -> None:
        for part, said in ((self.words, words), (self.protocol, protocol)):
            part.setText(said)
            part.setVisible(bool(said))

    def _set_at_work(self, is_at_work: bool) -> None:
        self._is_at_work = is_at_work
        self.button.setText("Cancel" if is_at_work else "Measure")

    def _ask(self) -> None:
        (self.cancel_wanted if self._is_at_work else self.measure_wanted).emit()


def findings(results: Sequence[Evaluated]) -> str:
    """The figures by both readers and what they mean together; "" where they were not measured."""
    found = {one.metric: one for one in results}
    lost = [found.get(FORGOTTEN + reader) for reader in (OLD_HEAD, FRESH_PROBE)]
    if None in lost:
        return ""
    head, probe = (one for one in lost if one is not None)
    lines = [told(words, found[SOURCE + reader], one)
             for (reader, words), one in zip(READERS.items(), (head, probe), strict=True)]  # fmt: skip
    if head.low <= 0:
        return "\n".join([*lines, AS_BEFORE])
    return "\n".join([*lines, GONE if probe.low > 0 else NOT_FITTING])


def told(reader: str, left: Evaluated, lost: Evaluated) -> str:
    """ "By the old head: 84.0 % of the old classes’ examples right before, 61.2 % now; 22.8 points forgotten (…)."""
    known = interval_text(Interval(lost.value, lost.low, lost.high, lost.n), lost.metric)
    now = figure(left.metric, left.value)
    forgotten = f"{figure(lost.metric, lost.value)} forgotten, {known}"
    return f"{reader}: {left.notes['before']} of the old classes’ examples right before, {now} now: {forgotten}."


def rests_on(results: Sequence[Evaluated]) -> str:
    first = next((one for one in results if one.metric.startswith(SOURCE)), None)
    if first is None:
        return ""
    return f"On {first.notes['test images of the source']}. Batch norm: {first.notes['batch norm']}."
