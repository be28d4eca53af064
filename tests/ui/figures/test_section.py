"""A heading is whole whatever stands beside it."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from ui.figures.painted import Section


@pytest.mark.parametrize("wide", [240, 420, 900])
def test_what_has_no_room_beside_a_heading_stands_below_it(qtbot: QtBot, wide: int) -> None:
    section = Section("Which classes are mistaken", QLabel("content"), QMenu())
    control = QPushButton("The 20 most mistaken")
    control.setFixedWidth(200)
    section.add(control)
    section.setMaximumWidth(wide)
    qtbot.addWidget(section)
    section.resize(wide, 300)
    section.show()
    heading = section.heading
    assert heading.width() >= heading.sizeHint().width()
    assert control.width() == 200 <= section.width()
    assert (control.y() > heading.geometry().bottom()) is (wide < 900)
    assert section.content.y() >= max(control.geometry().bottom(), heading.geometry().bottom())
