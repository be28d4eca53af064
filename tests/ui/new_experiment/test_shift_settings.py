"""Shifts, halves and validation images in the data column: with mouse and keyboard, there and back, and as pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.data.shifts import KINDS, NAMES, describe, kinds_of
from engine.experiment import DatasetChoice, Shift
from ui.new_experiment.data_settings import DataSettings
from ui.new_experiment.severity_table import SeverityTable
from ui.pages.new_experiment import NewExperimentPage

NOISE = Shift(kind="noise", severity=4)
EVERYTHING = DatasetChoice(
    name="digits",
    labels_per_class=5,
    part="target half",
    validation_per_class=4,
    shift=NOISE,
    tested_on=(Shift(kind="noise", severity=5), Shift(kind="inversion", severity=2), Shift(kind="blur", severity=1)),
)


@pytest.fixture
def settings(qtbot: QtBot, qapp) -> DataSettings:
    made = DataSettings()
    qtbot.addWidget(made)
    made.resize(260, 900)
    made.show()
    return made


@pytest.fixture
def table(qtbot: QtBot, qapp) -> SeverityTable:
    made = SeverityTable()
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize("choice", [DatasetChoice(name="digits"), EVERYTHING], ids=["plain", "everything"])
def test_what_is_filled_in_is_what_is_said(settings: DataSettings, choice: DatasetChoice) -> None:
    settings.fill(choice)
    assert settings.apply(DatasetChoice(name="digits")) == choice
    settings.fill(DatasetChoice(name="digits"))
    assert settings.apply(DatasetChoice(name="digits")) == DatasetChoice(name="digits")


def test_what_is_set_is_never_hidden_in_a_closed_fold(settings: DataSettings) -> None:
    assert not settings.shift.fold.button.isChecked()
    assert settings.shift.fold.button.text() == "Shift"
    settings.fill(EVERYTHING)
    assert settings.shift.fold.button.isChecked()
    assert settings.fold.button.isChecked()
    assert settings.shift.fold.button.text() == "Shift: noise 4, also tested on 3"
    settings.fill(DatasetChoice(tested_on=(NOISE,)))
    assert settings.shift.fold.button.accessibleName() == "Shift: none, also tested on 1"


def test_filling_in_does_not_count_as_a_persons_change(qtbot: QtBot, settings: DataSettings) -> None:
    with qtbot.assertNotEmitted(settings.changed):
        settings.fill(EVERYTHING)
    with qtbot.waitSignal(settings.changed):
        settings.shift.severity.setValue(2)
    with qtbot.waitSignal(settings.changed):
        settings.part.set_key(None)
    with qtbot.waitSignal(settings.changed):
        settings.validation.set_count(None)


def test_a_severity_is_asked_for_where_there_is_one(settings: DataSettings) -> None:
    settings.shift.fold.button.setChecked(True)
    shown = []
    for kind in (None, *kinds_of("images")):
        settings.shift.kind.set_key(kind)
        shown.append(settings.shift.severity.isVisible())
    assert shown == [kind not in (None, "inversion") for kind in (None, *kinds_of("images"))]


def test_meta_learning_has_none_of_it(settings: DataSettings) -> None:
    settings.fill(EVERYTHING)
    settings.set_family("meta")
    assert settings.apply(DatasetChoice(name="digits")) == DatasetChoice(name="digits")
    hidden = (settings.shift, settings.part, settings.validation, settings.labels)
    assert not any(widget.isVisible() for widget in hidden)
    settings.set_family("finetune")
    assert settings.apply(DatasetChoice(name="digits")) == EVERYTHING


def test_every_field_has_a_name_and_help(settings: DataSettings) -> None:
    for field in settings.tab_order():
        assert field.accessibleName()
    for field in (settings.part, settings.validation, settings.shift.kind, settings.shift.severity):
        assert field.accessibleDescription() == field.toolTip() != ""


def test_a_published_split_is_offered_for_mnist(settings: DataSettings) -> None:
    settings.set_source("mnist")
    assert [settings.split.itemText(place) for place in range(settings.split.count())][-1] == "As published"


def test_boxes_are_switched_by_keyboard(qtbot: QtBot, table: SeverityTable) -> None:
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    assert (table.currentRow(), table.currentColumn()) == (0, 0)
    with qtbot.waitSignal(table.changed):
        qtbot.keyClick(table, Qt.Key.Key_Space)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Right)
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert table.chosen() == (Shift(kind="noise", severity=1), Shift(kind="blur", severity=2))
    qtbot.keyClick(table, Qt.Key.Key_Space)
    assert table.chosen() == (Shift(kind="noise", severity=1),)


def test_boxes_are_switched_by_mouse(qtbot: QtBot, table: SeverityTable) -> None:
    place = table.visualItemRect(table.item(KINDS.index("jpeg"), 4))
    for _ in range(2):
        qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place.center())
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place.center())
    assert table.chosen() == (Shift(kind="jpeg", severity=5),)


def test_tab_leaves_the_table(qtbot: QtBot, qapp) -> None:
    around, table = QWidget(), SeverityTable()
    table.setParent(around)
    after = QWidget(around)
    after.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(around)
    around.show()
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Tab)
    qtbot.waitUntil(after.hasFocus)


def test_every_box_says_what_it_is(table: SeverityTable) -> None:
    spoken = {
        table.item(row, column).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(table.rowCount())
        for column in range(table.columnCount())
        if table.item(row, column) is not None
    }
    assert describe(NOISE) in spoken
    assert len(spoken) == 11 * 5 + 2  # inversion and no punctuation have one box each
    assert [table.verticalHeaderItem(row).text() for row in range(table.rowCount())] == list(NAMES.values())


def test_the_order_of_choosing_is_kept(table: SeverityTable) -> None:
    table.set_chosen(EVERYTHING.tested_on)
    assert table.chosen() == EVERYTHING.tested_on


def test_shifted_samples_follow_the_choice(qtbot: QtBot, page: NewExperimentPage) -> None:
    shift = page.data.settings.shift
    shift.fold.button.setChecked(True)
    assert not shift.after.isVisibleTo(page)
    shift.kind.set_key("inversion")
    qtbot.waitUntil(lambda: shift.after.isVisibleTo(page))
    assert shift.words.text() == "Inversion, on every image"
    found = page.data.preview.found
    assert found is not None
    assert np.array_equal(found.shifted[0], 255 - found.strip[0])
    shift.kind.set_key("label shift")
    qtbot.waitUntil(lambda: "take each other's names" in shift.words.text())
    assert not shift.after.isVisibleTo(page)
    shift.kind.set_key(None)
    qtbot.waitUntil(lambda: not shift.words.isVisibleTo(page))
