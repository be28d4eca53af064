"""The button beside the learning rate that opens the range test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

from engine.errors import InvalidExperiment
from engine.experiment import Experiment
from engine.method import Method
from ui.new_experiment.rate_dialog import RateDialog
from ui.parts import Parts
from ui.widgets.buttons import icon_button
from ui.widgets.layouts import in_row

if TYPE_CHECKING:
    from ui.new_experiment.hyperparameter_form import HyperparameterForm

FIELD = "learning_rate"
NAME = "Find a learning rate…"


class RateButton(QObject):
    """Stands beside the learning rate of every fine-tuning form. experiment: what is set up now; it may raise."""

    def __init__(self, parts: Parts, experiment: Callable[[], Experiment], page: QWidget) -> None:
        super().__init__(page)
        self._parts, self._experiment, self._page = parts, experiment, page
        self._row: Any = None  # the form's row of the learning rate
        self.button: QToolButton | None = None

    def join(self, form: HyperparameterForm | None, method: type[Method]) -> None:
        """Put the button into this form, once."""
        row = form.rows.get(FIELD) if form is not None and FIELD in method.searched else None
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
