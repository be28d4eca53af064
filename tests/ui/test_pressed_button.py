"""A button of the mouse that a test leaves pressed fails that test, and no other."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.ui.conftest import let_go

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


@pytest.fixture
def pressed(qtbot: QtBot) -> QPushButton:
    button = QPushButton()
    qtbot.addWidget(button)
    return button


def test_what_is_left_pressed_is_named_and_let_go(pressed: QPushButton) -> None:
    QTest.mousePress(pressed, LEFT)
    QTest.mousePress(pressed, RIGHT)
    assert let_go() == ["LeftButton", "RightButton"]
    assert QApplication.mouseButtons() == Qt.MouseButton.NoButton
    assert let_go() == []


def test_a_double_click_is_let_go(qtbot: QtBot, pressed: QPushButton) -> None:
    qtbot.mouseDClick(pressed, LEFT)
    assert let_go() == []
