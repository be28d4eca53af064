"""How far the chosen run's probabilities can be believed: measured when asked for, then kept with the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.figures.painted import Section
from ui.runs.reliability_figure import ReliabilityFigure
from ui.runs.sureness_words import UNMEASURED, findings, rests_on
from ui.widgets.buttons import button
from ui.widgets.layouts import in_column, in_row
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.using.calibration import Calibration

TITLE = "How sure it may be"
MEASURE, CANCEL = "Measure", "Cancel"


class SurenessView(QWidget):
    """Hidden until it is known whether there is something to show or to measure. measure_wanted, cancel_wanted: by the
    one button."""

    measure_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.figure, self.words, self.protocol = ReliabilityFigure(), Text(), Text("", "small", "muted")
        self.button = button(MEASURE, tip="By the run's own validation and test examples", clicked=self._ask)
        self._is_at_work = False
        section = Section(TITLE, self.figure, self.figure.menu)
        in_column(section, self.words, in_row(self.button, ...), self.protocol, owner=self, gap=8)
        self._section = section
        self.hide()

    def show_found(self, found: Calibration, run_id: int) -> None:
        self.figure.show_values(found.before, found.after, run_id)
        self._show(findings(found), rests_on(found), figure=True)

    def show_unmeasured(self, why: str = "") -> None:
        """why: it could not be measured."""
        self._show(why or UNMEASURED, "", figure=False)

    def show_at_work(self, words: str) -> None:
        self.words.setText(words)
        self._set_at_work(True)

    def _show(self, words: str, protocol: str, figure: bool) -> None:
        self.words.setText(words)
        self.protocol.setText(protocol)
        self.figure.setVisible(figure)
        self._section.set_menu_shown(figure)
        self.protocol.setVisible(bool(protocol))
        self._set_at_work(False)
        self.button.setVisible(not figure)
        self.show()

    def _set_at_work(self, is_at_work: bool) -> None:
        self._is_at_work = is_at_work
        self.button.setText(CANCEL if is_at_work else MEASURE)

    def _ask(self) -> None:
        (self.cancel_wanted if self._is_at_work else self.measure_wanted).emit()
