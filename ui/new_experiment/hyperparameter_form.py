"""The form of a method, generated from its hyperparameter model: label, unit, bounds, default, one line of help.

What is rarely changed is folded, in sections by what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QWidget

from engine.comparison.wording import compact
from engine.method import ADVANCED
from engine.registry import HyperparameterField
from ui import theme
from ui.widgets import reset_mark
from ui.widgets.fields import Choice, FloatField, IntField
from ui.widgets.fold import Fold
from ui.widgets.layouts import in_column, in_row, set_shown
from ui.widgets.number_field import say_below
from ui.widgets.reset_mark import ResetMark
from ui.widgets.text import TextPlace


def _int(field: HyperparameterField) -> QWidget:
    widget = IntField(field.low, field.high)
    widget.set_unit(field.unit)
    widget.setSpecialValueText(field.least or _off(field))
    return widget


def _float(field: HyperparameterField) -> QWidget:
    widget = FloatField(field.low, field.high, field.log)
    widget.setSuffix(f" {field.unit}" if field.unit else "")
    widget.setSpecialValueText(_off(field))
    return widget


def _off(field: HyperparameterField) -> str:
    """What stands for the lowest value where that turns something off."""
    return "Off" if field.off is not None and field.off == field.low else ""


def _choice(field: HyperparameterField) -> QWidget:
    """A choice that has no other is shown, but not to be changed."""
    widget = Choice([(word, word[:1].upper() + word[1:]) for word in field.choices])
    widget.setEnabled(len(field.choices) > 1)
    return widget


def _text(field: HyperparameterField) -> QWidget:
    """What is there to choose from comes later, by `HyperparameterForm.offer`."""
    return Choice([("", FOUND)]) if field.offered else QLineEdit()


# Kind -> how to make its widget.
KINDS: dict[str, Callable[[HyperparameterField], QWidget]] = {
    "int": _int, "float": _float, "bool": lambda field: QCheckBox(), "text": _text, "choice": _choice,
}  # fmt: skip

FOUND = "As found"
HALF = 12  # letters of a choice that fit into half of the column


class FieldRow(QWidget):
    """Label, input, help and, when there is one, the problem with it. dense: the help is in the tip alone."""

    def __init__(self, field: HyperparameterField, parent: QWidget | None = None, dense: bool = False) -> None:
        super().__init__(parent)
        self.field, self._dense = field, dense
        self.input = KINDS[field.kind](field)
        self.changed = reset_mark.changes_of(self.input)
        self._layout()
        self._describe()
        self.set_value(field.default)

    def _layout(self) -> None:
        self.label = label = QLabel(self.field.label, self)
        label.setBuddy(self.input)
        label.setWordWrap(True)
        self.help = TextPlace(self.field.help, "small", "muted", room=self.field.help)
        set_shown(self.help, not self._dense)
        self._problem = self._unused = ""  # said in the place of the help
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        wide = bool(self.field.offered) or max((len(word) for word in self.field.choices), default=0) > HALF
        head = in_row((label, 1), gap=2)
        self._place_of_mark = head
        grid.addLayout(head, 0, 0, 1, 2 if wide else 1)
        grid.addWidget(self.input, 1 if wide else 0, 0 if wide else 1, 1, 2 if wide else 1)
        say_below(self.input)
        grid.addWidget(self.help, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)

    def _describe(self) -> None:
        field = self.field
        name = f"{field.label} ({field.unit})" if field.unit else field.label
        limits = [f"at least {compact(field.low)}" if field.low is not None else ""]
        limits += [f"at most {compact(field.high)}" if field.high is not None else ""]
        bounds = ", ".join(part for part in limits if part) if field.kind in ("int", "float") else ""
        usual = "" if field.default == "" else f"Usual value: {shown(field.default)}."
        text = " ".join(part for part in (field.help, usual, f"Allowed: {bounds}." if bounds else "") if part)
        self.input.setAccessibleName(name)
        self.input.setAccessibleDescription(text)
        self.setToolTip(text)
        self.mark = ResetMark(self.input, self.label, lambda: field.default)
        self._place_of_mark.addWidget(self.mark)

    def value(self) -> Any:
        return reset_mark.read(self.input)

    def set_value(self, value: Any) -> None:
        reset_mark.fill({self.input: value})

    def offer(self, options: Sequence[tuple[str, str]]) -> None:
        """What there is to choose from, (value, words); a value that is none of these stays."""
        kept = str(self.value())
        own = [(kept, kept)] if kept not in ("", *(value for value, _ in options)) else []
        if isinstance(self.input, Choice):
            self.input.set_options([("", FOUND), *options, *own])

    def set_unused(self, reason: str) -> None:
        """Say why the value does not count, and keep it from being changed meanwhile; "" when it counts."""
        self.input.setEnabled(not reason and len(self.field.choices) != 1)
        self._unused = reason
        self._say()

    def set_problem(self, text: str) -> None:
        self._problem = text
        self._say()

    def _say(self) -> None:
        said = self._problem or self._unused
        self.help.setText(said or self.field.help)
        self.help.setVisible(bool(said) or not self._dense)
        self.help.set_role("bad" if self._problem else "muted")


class HyperparameterForm(QWidget):
    """Rows of one method's fields, the advanced ones in folds. changed: a person (not `fill`) changed a value.

    words: how choices are called, such as the titles of blocks. beside: what is shown under a field, by its name.
    pointless: fields that are not shown; they keep their values. dense: help is in the tips alone.
    """

    changed = Signal()

    def __init__(
        self,
        fields: Iterable[HyperparameterField],
        words: Mapping[str, str] | None = None,
        beside: Mapping[str, QWidget] | None = None,
        pointless: frozenset[str] = frozenset(),
        parent: QWidget | None = None,
        dense: bool = False,
    ) -> None:
        super().__init__(parent)
        self.rows = {field.name: FieldRow(field, self, dense) for field in fields}
        self.folds: dict[str, Fold] = {}
        self._beside, self._pointless = dict(beside or {}), pointless
        self._column = in_column(owner=self, gap=theme.GRID)
        self._order = self._sorted()
        for name in self._order:
            self._add(name)
        self._call_choices(words or {})
        self._show_what_counts()

    def _sorted(self) -> list[str]:
        """Names as they stand in the form: the usual ones, then fold by fold."""
        folds = dict.fromkeys(("", *(row.field.fold for row in self.rows.values())))
        order = sorted(folds, key=ADVANCED.__eq__)
        return sorted(self.rows, key=lambda name: order.index(self.rows[name].field.fold))

    def fold_of(self, name: str) -> Fold | None:
        """The fold that a field is in, None for the usual ones."""
        title = self.rows[name].field.fold
        if not title:
            return None
        if title not in self.folds:
            self.folds[title] = Fold(title, parent=self)
            self._column.addWidget(self.folds[title])
        return self.folds[title]

    def _add(self, name: str) -> None:
        row, fold = self.rows[name], self.fold_of(name)
        place = self._column if fold is None else fold.body
        place.addWidget(row)
        if name in self._beside:
            place.addWidget(self._beside[name])
        row.changed.connect(lambda *_: self._note_change())

    def _call_choices(self, words: Mapping[str, str]) -> None:
        for row in self.rows.values():
            if isinstance(row.input, Choice):
                for index in range(row.input.count()):
                    key = row.input.itemData(index)
                    row.input.setItemText(index, words.get(str(key), row.input.itemText(index)))

    def _note_change(self) -> None:
        self._show_what_counts()
        self.changed.emit()

    def _show_what_counts(self) -> None:
        """Hide what the other values make pointless, and say on each fold how much in it is not as usual."""
        for title, fold in self.folds.items():
            inside = [row for name, row in self._shown() if self.fold_of(name) is fold]
            fold.setVisible(bool(inside))
            changed = sum(row.value() != row.field.default for row in inside)
            fold.set_title(f"{title} · {changed} changed" if changed else title)
        for row in self.rows.values():
            other, value = row.field.only_with or ("", None)
            if other in self.rows:
                row.setVisible(self.rows[other].value() == value)
        for name in self._pointless & self.rows.keys():
            self.rows[name].hide()

    def _shown(self) -> list[tuple[str, FieldRow]]:
        return [(name, row) for name, row in self.rows.items() if name not in self._pointless]

    def tab_order(self) -> tuple[QWidget, ...]:
        order: list[QWidget] = []
        for name in self._order:
            fold = self.fold_of(name)
            if fold is not None and fold.button not in order:
                order.append(fold.button)
            order.append(self.rows[name].input)
        return tuple(order)

    def values(self) -> dict[str, Any]:
        """All hyperparameters, by name."""
        return {name: row.value() for name, row in self.rows.items()}

    def defaults(self) -> dict[str, Any]:
        return {name: row.field.default for name, row in self.rows.items()}

    def fill(self, values: Mapping[str, Any]) -> None:
        """Set every field: to the value given, else to its default. Does not emit `changed`."""
        for name, row in self.rows.items():
            row.set_value(values.get(name, row.field.default))
        self._show_what_counts()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Put each sentence under its field; a folded field with a problem is unfolded."""
        for name, row in self.rows.items():
            row.set_problem(problems.get(name, ""))
            fold = self.fold_of(name)
            if name in problems and fold is not None:
                fold.button.setChecked(True)

    def offer(self, kind: str, options: Sequence[tuple[str, str]]) -> None:
        """kind: of the fields that are chosen from these, (value, words)."""
        for row in self.rows.values():
            if row.field.offered == kind:
                row.offer(options)

    def set_unused(self, names: Mapping[str, str]) -> None:
        """Fields that do not count at the moment, each with the reason; all others count."""
        for name, row in self.rows.items():
            row.set_unused(names.get(name, ""))


def shown(value: Any) -> str:
    """A default as the form shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:,}" if isinstance(value, int) else compact(value) if isinstance(value, float) else str(value)
