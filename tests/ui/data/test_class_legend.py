"""The legend of a map with names of any length."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from ui.data.class_legend import ClassLegend

LONG = "an exceedingly long class name that goes on and on, until nobody would read it any more"


def test_a_long_name_leaves_room_for_its_count_and_is_whole_in_its_tip(qtbot: QtBot) -> None:
    legend = ClassLegend()
    qtbot.addWidget(legend)
    legend.resize(150, 120)
    legend.show_classes((LONG, "plain", "<b>bold</b>"), (42, 43, 0))
    legend.show()
    assert not legend.list.horizontalScrollBar().isVisible()
    assert legend.list.textElideMode() == Qt.TextElideMode.ElideMiddle
    assert legend.list.item(0).text().endswith("42")
    assert LONG in legend.list.item(0).toolTip()
    assert legend.list.count() == 2
