"""What one data set alone can be set to: a row for each setting of its own, generated from it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from engine.experiment import DatasetChoice
from engine.registry import HyperparameterField, own_fields
from ui.new_experiment.hyperparameter_form import KINDS
from ui.widgets.field_grid import FieldGrid


class OwnSettings(QWidget):
    """changed: by a person, not by `fill`. inputs: by the name of the setting."""

    changed = Signal()

    def __init__(self, kind: type[DatasetChoice]) -> None:
        super().__init__()
        self.fields = own_fields(kind)
        self._grid = FieldGrid()
        self.setLayout(self._grid)
        self.inputs = {field.name: self._add(field) for field in self.fields}

    def _add(self, field: HyperparameterField) -> QWidget:
        make, _, _, signal = KINDS[field.kind]
        widget = make(field)
        if isinstance(widget, QCheckBox):
            widget.setText(field.label)
            widget.setAccessibleName(field.label)
            widget.setToolTip(field.help)
            self._grid.addWidget(widget, self._grid.rowCount(), 0, 1, 2)
        else:
            self._grid.add(field.label, widget, field.help, lambda: field.default)
        getattr(widget, signal).connect(lambda _: self.changed.emit())
        return widget

    def values(self) -> dict[str, Any]:
        return {field.name: KINDS[field.kind][1](self.inputs[field.name]) for field in self.fields}

    def fill(self, choice: DatasetChoice) -> None:
        """Its values, or the usual ones where the choice is of other data."""
        for field in self.fields:
            widget = self.inputs[field.name]
            blocker = QSignalBlocker(widget)
            KINDS[field.kind][2](widget, getattr(choice, field.name, field.default))
            blocker.unblock()
