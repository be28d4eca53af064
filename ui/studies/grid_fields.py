"""Lists that are typed: label counts, learning rates, shifts. Each reads and writes words; a wrong one says why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QMenu, QToolButton, QWidget

from engine.comparison.wording import compact
from engine.data.shifts import ALL_OR_NOTHING, SEVERITIES, TITLES, kinds_of, parse_shift, short
from engine.errors import InvalidExperiment
from engine.experiment import Shift
from ui.widgets.buttons import icon_button
from ui.widgets.layouts import in_row

ALL, NONE = "all", "none"
DOUBTFUL = re.compile(r"(?<![\d.,])\d+,(?:0\d+|\d{3})(?![\d.])")  # 0,001 and 1,440 without a space


def parts_of(text: str) -> list[str]:
    """ "1, 2,5" -> ["1", "2", "5"]; raises `InvalidExperiment` where a comma may stand inside a number."""
    if doubtful := DOUBTFUL.search(text):
        raise InvalidExperiment(
            f"“{doubtful[0]}” may be one number or two.", "Use a dot in a number and a space after a comma.", "list"
        )
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]


def labels_from(text: str) -> tuple[int | None, ...]:
    """ "1, 5, all" -> (1, 5, None); raises `InvalidExperiment`."""
    found: list[int | None] = []
    for part in parts_of(text):
        if part.lower() != ALL and not part.isdecimal():
            raise InvalidExperiment(
                f"“{part}” is not a label count.", f"Write numbers or “{ALL}”: 1, 5, {ALL}.", "labels"
            )
        found.append(None if part.lower() == ALL else int(part))
    return tuple(found) or (None,)


def labels_text(labels: Sequence[int | None]) -> str:
    return ", ".join(ALL if count is None else str(count) for count in labels)


def rates_from(text: str) -> tuple[float, ...]:
    """ "0.01, 1e-3" -> (0.01, 0.001); raises `InvalidExperiment`."""
    return numbers_from(text, "learning rates", "Write numbers: 0.01, 0.001.", "learning_rates")


def distances_from(text: str) -> tuple[float, ...]:
    """ "0, 1, 2" -> (0.0, 1.0, 2.0); raises `InvalidExperiment`."""
    return numbers_from(text, "distances", "Write numbers from 0 to 3: 0, 1, 2.", "distances")


def numbers_from(text: str, what: str, advice: str, field: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in parts_of(text))
    except ValueError:
        raise InvalidExperiment(f"“{text}” is not a list of {what}.", advice, field) from None


def rates_text(rates: Sequence[float]) -> str:
    """Brief where that is the number itself, and with all its digits where it is not."""
    return ", ".join(compact(rate) if float(compact(rate)) == rate else repr(rate) for rate in rates)


def shifts_from(text: str) -> tuple[Shift | None, ...]:
    """ "none, noise 5, label shift 3" as shifts; raises `InvalidExperiment`."""
    return tuple(None if part.lower() == NONE else shift_from(part) for part in parts_of(text))


def shift_from(part: str) -> Shift:
    name, _, last = part.rpartition(" ")
    return parse_shift(f"{name}:{last}" if last.isdecimal() else part)


def shifts_text(shifts: Sequence[Shift | None]) -> str:
    return ", ".join(NONE if shift is None else short(shift) for shift in shifts)


class TypedList(QLineEdit):
    """A line of values separated by commas. changed: by a person."""

    changed = Signal()

    def __init__(self, name: str, help: str, example: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setAccessibleDescription(help)
        self.setToolTip(help)
        self.setPlaceholderText(example)
        self.textEdited.connect(lambda _: self.changed.emit())


class ShiftList(QWidget):
    """Typed shifts, with a menu that adds one. with_none: “none” stands for images as they are."""

    changed = Signal()

    def __init__(self, name: str, help: str, example: str, with_none: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = TypedList(name, help, example)
        self.line.changed.connect(self.changed)
        self.add = icon_button("new", f"Add to {name.lower()}")
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._with_none, self._kind = with_none, ""
        self.show_kinds("images")
        in_row((self.line, 1), self.add, owner=self, gap=4)
        self.setFocusProxy(self.line)

    def show_kinds(self, kind: str) -> None:
        """Offer what can become of such data: "images" or "texts"."""
        if kind != self._kind:
            self._kind, before = kind, self.add.menu()
            self.add.setMenu(self._menu())
            if before is not None:
                before.deleteLater()

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        if self._with_none:
            menu.addAction("No shift", lambda: self.append(NONE))
        for kind in kinds_of(self._kind):
            if kind in ALL_OR_NOTHING:
                menu.addAction(TITLES[kind], partial(self.append, kind))
                continue
            inner = menu.addMenu(TITLES[kind])
            for severity in SEVERITIES:
                words = f"{kind} {severity}"
                inner.addAction(f"Severity {severity}", partial(self.append, words))
        return menu

    def append(self, words: str) -> None:
        """Add one unless it is there."""
        have = parts_of(self.line.text())
        if words not in have:
            self.line.setText(", ".join([*have, words]))
            self.changed.emit()

    def shifts(self) -> tuple[Shift | None, ...]:
        return shifts_from(self.line.text())

    def set_shifts(self, shifts: Sequence[Shift | None]) -> None:
        self.line.setText(shifts_text(shifts))
