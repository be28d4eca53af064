"""The arrow beside a field that differs from its usual value: it says so, and takes it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QToolButton, QWidget

from ui import icons
from ui.widgets.fields import Choice
from ui.widgets.layouts import set_shown
from ui.widgets.number_field import NumberField
from ui.widgets.text import Text

SIDE = 18
MODIFIED = "Modified. "


class ResetMark(QToolButton):
    """Beside the label of a field; its place is kept while there is nothing to reset. usual: the value that counts as
    not changed, asked for each time."""

    def __init__(self, field: QWidget, label: Text | QLabel, usual: Callable[[], Any]) -> None:
        super().__init__()
        self.field, self._label, self._usual = field, label, usual
        field.reset_mark = self  # type: ignore[attr-defined]  # Tab comes here after the field
        self.setAutoRaise(True)
        self.setFixedSize(SIDE, SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        icons.dress(self, "reset", "accent", 12)
        self.clicked.connect(self.reset)
        changes_of(field).connect(lambda *_: self.refresh())
        self.refresh()

    def is_modified(self) -> bool:
        return bool(read(self.field) != self._usual())

    def refresh(self) -> None:
        """Say whether the field differs; call after it was set without a signal, or its usual value is another one."""
        modified = self.is_modified()
        words = f"Reset {self._label.text()} to {shown(self.field, self._usual())}"
        self.setAccessibleName(words)
        self.setToolTip(f"{words} (Ctrl+Shift+Backspace in the field)")
        said = self.field.accessibleDescription().removeprefix(MODIFIED)  # what the field says of itself by now
        self.field.setAccessibleDescription(MODIFIED + said if modified else said)
        set_shown(self, modified)

    def reset(self) -> None:
        had_focus = self.hasFocus()
        write(self.field, self._usual())
        if had_focus:
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)


def refresh_marks(form: QWidget) -> None:
    for mark in form.findChildren(ResetMark):
        mark.refresh()


def reset_focused(form: QWidget) -> None:
    """Take back the field of this form that has the keyboard."""
    focus = form.window().focusWidget()
    for mark in form.findChildren(ResetMark):
        if focus is not None and (mark.field is focus or mark.field.isAncestorOf(focus)) and mark.is_modified():
            mark.reset()


def read(field: QWidget) -> Any:
    if isinstance(field, NumberField):
        return field.value()
    if isinstance(field, QLineEdit):
        return field.text()
    return field.key() if isinstance(field, Choice) else field.isChecked() if isinstance(field, QCheckBox) else None


def write(field: QWidget, value: Any) -> None:
    """As a person does: the field tells that it changed."""
    if isinstance(field, NumberField):
        field.setValue(value)
    elif isinstance(field, Choice):
        field.set_key(value)
    elif isinstance(field, QLineEdit):
        field.setText(value)
    elif isinstance(field, QCheckBox):
        field.setChecked(bool(value))


def fill(values: Mapping[QWidget, Any]) -> None:
    """Show values in their fields, which do not tell that they changed. A choice that is not offered, as a file may
    have, is shown as it is; the checks say what is wrong with it."""
    for field, value in values.items():
        with QSignalBlocker(field):
            if isinstance(field, Choice) and not field.set_key(value):
                field.addItem(str(value), value)
            write(field, value)
        if isinstance(mark := getattr(field, "reset_mark", None), ResetMark):
            mark.refresh()


def on_change(then: Callable[[], object], *fields: QWidget) -> None:
    for field in fields:
        changes_of(field).connect(lambda *_: then())


def changes_of(field: QWidget) -> Any:
    """The signal of its changes."""
    if isinstance(field, NumberField):
        return field.valueChanged
    if isinstance(field, QLineEdit):
        return field.textChanged
    assert isinstance(field, Choice | QCheckBox)
    return field.currentIndexChanged if isinstance(field, Choice) else field.toggled


def shown(field: QWidget, value: Any) -> str:
    """A value as the field shows it."""
    if isinstance(field, NumberField):
        word = field.specialValueText() if value == field.minimum() else ""
        return word or f"{field.prefix()}{field.words(value)}"
    if isinstance(field, Choice):
        place = field.findData(value)
        return field.itemText(place) if place >= 0 else str(value)
    return str(value) if isinstance(field, QLineEdit) else "on" if value else "off"
