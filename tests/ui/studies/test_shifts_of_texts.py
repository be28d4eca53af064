"""A study of texts offers shifts of texts, one of images those of images."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from engine.data.shifts import IMAGE_KINDS, TEXT_KINDS, TITLES
from ui.new_experiment.shift_settings import ShiftSettings
from ui.studies.grid_fields import ShiftList


def test_the_menu_follows_the_data(qtbot: QtBot) -> None:
    shifts = ShiftList("Shifts", "", "none", True)
    qtbot.addWidget(shifts)
    for kind, own, other in (("images", IMAGE_KINDS, TEXT_KINDS), ("texts", TEXT_KINDS, IMAGE_KINDS)):
        shifts.show_kinds(kind)
        offered = [action.text() for action in shifts.add.menu().actions()]
        assert [TITLES[one] for one in own] == [words for words in offered if words in {TITLES[one] for one in own}]
        assert not {TITLES[one] for one in other} & set(offered)
        assert "Label shift" in offered


def test_the_form_follows_the_data_and_keeps_what_is_chosen(qtbot: QtBot) -> None:
    form = ShiftSettings()
    qtbot.addWidget(form)
    form.show_kinds("texts")
    form.kind.set_key("typos")
    assert form.shift() is not None
    assert {form.kind.itemData(place) for place in range(form.kind.count())} == {None, *TEXT_KINDS, "label shift"}
    shown = [form.table.verticalHeaderItem(row).text() for row in range(form.table.rowCount())
             if not form.table.isRowHidden(row)]  # fmt: skip
    assert shown == ["Label shift", "Typos", "Case", "Dropped words", "No punctuation", "Cut"]
    form.show_kinds("images")
    assert form.kind.key() == "typos"
    form.kind.set_key("noise")
    form.show_kinds("images")
    assert "typos" not in {form.kind.itemData(place) for place in range(form.kind.count())}
