"""The form of a method, generated from its hyperparameter model: label, unit, bounds, default, one line of help."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.widgets.fields import Choice, FloatField, IntField
from ui.widgets.fold import Fold
from ui.widgets.text import Text

if TYPE_CHECKING:
    from engine.registry import HyperparameterField


def _int(field: HyperparameterField) -> QWidget:
    widget = IntField(field.low, field.high)
    widget.set_unit(field.unit)
    return widget


def _float(field: HyperparameterField) -> QWidget:
    widget = FloatField(field.low, field.high, field.log)
    widget.setSuffix(f" {field.unit}" if field.unit else "")
    return widget


def _bool(field: HyperparameterField) -> QWidget:
    return QCheckBox()


def _choice(field: HyperparameterField) -> QWidget:
    return Choice([(word, word[:1].upper() + word[1:]) for word in field.choices])


# Kind -> how to make its widget, read it, set it, and which signal says that it changed.
KINDS: dict[str, tuple[Callable[[Any], QWidget], Callable[[Any], Any], Callable[[Any, Any], object], str]] = {
    "int": (_int, lambda w: w.value(), lambda w, v: w.setValue(int(v)), "valueChanged"),
    "float": (_float, lambda w: w.value(), lambda w, v: w.setValue(float(v)), "valueChanged"),
    "bool": (_bool, lambda w: w.isChecked(), lambda w, v: w.setChecked(bool(v)), "toggled"),
    "choice": (_choice, lambda w: w.key(), lambda w, v: w.set_key(v), "currentIndexChanged"),
}


class FieldRow(QWidget):
    """Label, input, help and, when there is one, the problem with it."""

    def __init__(self, field: HyperparameterField, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        make, self._read, self._set, signal = KINDS[field.kind]
        self.field = field
        self.input = make(field)
        self.changed = getattr(self.input, signal)
        self._layout()
        self._describe()
        self.set_value(field.default)

    def _layout(self) -> None:
        label = QLabel(self.field.label, self)
        label.setBuddy(self.input)
        label.setWordWrap(True)
        self.help = Text(self.field.help, "small", "muted")
        self.problem = Text("", "small", "bad")
        self.problem.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.input, 0, 1)
        grid.addWidget(self.help, 1, 0, 1, 2)
        grid.addWidget(self.problem, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)

    def _describe(self) -> None:
        field = self.field
        name = f"{field.label} ({field.unit})" if field.unit else field.label
        limits = [f"at least {field.low:g}" if field.low is not None else ""]
        limits += [f"at most {field.high:g}" if field.high is not None else ""]
        bounds = ", ".join(part for part in limits if part) if field.kind in ("int", "float") else ""
        usual = f"Usual value: {shown(field.default)}."
        text = " ".join(part for part in (field.help, usual, f"Allowed: {bounds}." if bounds else "") if part)
        self.input.setAccessibleName(name)
        self.input.setAccessibleDescription(text)
        self.setToolTip(text)

    def value(self) -> Any:
        return self._read(self.input)

    def set_value(self, value: Any) -> None:
        blocker = QSignalBlocker(self.input)
        self._set(self.input, value)
        blocker.unblock()

    def set_problem(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


class HyperparameterForm(QWidget):
    """Rows of one method's fields, the advanced ones folded. changed: a person (not `fill`) changed a value."""

    changed = Signal()

    def __init__(self, fields: Iterable[HyperparameterField], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = {field.name: FieldRow(field, self) for field in fields}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        self.advanced = Fold("Advanced", parent=self)
        for row in self.rows.values():
            (self.advanced.body if row.field.advanced else column).addWidget(row)
            row.changed.connect(lambda *_: self.changed.emit())
        column.addWidget(self.advanced)
        self.advanced.setVisible(any(row.field.advanced for row in self.rows.values()))

    def tab_order(self) -> tuple[QWidget, ...]:
        usual = [row.input for row in self.rows.values() if not row.field.advanced]
        rare = [row.input for row in self.rows.values() if row.field.advanced]
        return (*usual, self.advanced.button, *rare)

    def values(self) -> dict[str, Any]:
        """All hyperparameters, by name."""
        return {name: row.value() for name, row in self.rows.items()}

    def defaults(self) -> dict[str, Any]:
        return {name: row.field.default for name, row in self.rows.items()}

    def fill(self, values: Mapping[str, Any]) -> None:
        """Set every field: to the value given, else to its default. Does not emit `changed`."""
        for name, row in self.rows.items():
            row.set_value(values.get(name, row.field.default))

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Put each sentence under its field; a folded field with a problem is unfolded."""
        for name, row in self.rows.items():
            row.set_problem(problems.get(name, ""))
            if name in problems and row.field.advanced:
                self.advanced.button.setChecked(True)


def shown(value: Any) -> str:
    """A default as the form shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
