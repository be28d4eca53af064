"""Scroll bars are a handle on the ground and nothing more, whoever made them."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QScrollBar, QStyle, QStyleOptionSlider
from pytestqt.qtbot import QtBot

from ui import theme
from ui.widgets.frame import SlimScrollBar

PARTS = QStyle.SubControl


@pytest.fixture(params=[QScrollBar, SlimScrollBar])
def bar(request: pytest.FixtureRequest, qtbot: QtBot, qapp: QApplication) -> Iterator[QScrollBar]:
    """Of a text of 200 lines in a field of ten or so."""
    theme.apply(qapp, "light")
    field = QPlainTextEdit("\n".join(map(str, range(200))))
    field.setVerticalScrollBar(request.param(Qt.Orientation.Vertical))
    found = field.verticalScrollBar()
    qtbot.addWidget(field)
    field.resize(200, 200)
    field.show()
    qtbot.waitUntil(lambda: found.maximum() > 0 and found.isVisible())
    yield found
    field.close()


def part(bar: QScrollBar, which: QStyle.SubControl) -> tuple[int, int]:
    """Pixels along the bar, from and up to."""
    option = QStyleOptionSlider()
    bar.initStyleOption(option)
    box = bar.style().subControlRect(QStyle.ComplexControl.CC_ScrollBar, option, which, bar)
    return box.top(), box.top() + box.height()


def test_a_bar_has_no_arrows_and_its_handle_reaches_both_ends(bar: QScrollBar) -> None:
    assert part(bar, PARTS.SC_ScrollBarAddLine) == part(bar, PARTS.SC_ScrollBarSubLine) == (0, 0)
    assert part(bar, PARTS.SC_ScrollBarSlider)[0] == 0
    last = bar.grab().toImage().pixelColor(bar.width() // 2, bar.height() - 2)
    assert last == bar.palette().window().color()
    bar.setValue(bar.maximum())
    assert part(bar, PARTS.SC_ScrollBarSlider)[1] == bar.height()
    handle = bar.grab().toImage().pixelColor(bar.width() // 2, bar.height() - 6)
    assert handle != bar.palette().window().color()


def test_a_bar_is_dragged_to_its_end_and_a_press_beside_the_handle_turns_a_page(qtbot: QtBot, bar: QScrollBar) -> None:
    middle = bar.width() // 2
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(middle, bar.height() - 1))
    assert bar.value() == bar.pageStep()
    begin, end = part(bar, PARTS.SC_ScrollBarSlider)
    qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=QPoint(middle, (begin + end) // 2))
    qtbot.mouseMove(bar, QPoint(middle, bar.height()))
    qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=QPoint(middle, bar.height()))
    assert bar.value() == bar.maximum()
