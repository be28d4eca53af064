"""Fields that are filled and followed together: each kind of input, without a word to others, and with its mark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from ui.widgets.field_grid import FieldGrid
from ui.widgets.fields import Choice, CountOrAll, FloatField, IntField
from ui.widgets.reset_mark import ResetMark, fill, on_change, read, write

CASES: dict[str, tuple[Callable[[], QWidget], object, object]] = {
    "whole": (lambda: IntField(0, 9), 3, 5),
    "count": (lambda: CountOrAll(1), 0, 7),
    "real": (lambda: FloatField(0.0, 1.0), 0.25, 0.5),
    "beyond its bounds": (lambda: IntField(0, 9), 3, 12),
    "choice": (lambda: Choice([("a", "A"), ("b", "B")]), "a", "b"),
    "a choice that is not offered": (lambda: Choice([("a", "A"), ("b", "B")]), "a", "other"),
    "box": (QCheckBox, False, True),
    "text": (QLineEdit, "", "name"),
}


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_what_is_filled_in_is_shown_and_not_told(qtbot: QtBot, case: str, dense: bool) -> None:
    make, usual, value = CASES[case]
    field, place, told = make(), QWidget(), list[object]()
    grid = FieldGrid(dense)
    grid.add("Title", field, "Help.", lambda: usual)
    place.setLayout(grid)
    qtbot.addWidget(place)
    on_change(lambda: told.append(read(field)), field)
    (mark,) = place.findChildren(ResetMark)
    fill({field: usual})
    assert mark.isHidden()
    fill({field: value})
    assert (read(field), told, mark.isHidden()) == (value, [], False)
    mark.reset()
    assert (read(field), told, mark.isHidden()) == (usual, [usual], True)
    write(field, value)
    assert told == [usual, value]
