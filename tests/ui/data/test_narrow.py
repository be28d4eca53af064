"""The page Data where there is little room: what wraps has its lines, and a map is under its side and not beside it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.data.labelled_set import Skipped
from ui import theme
from ui.data.left_out import ROW, LeftOut
from ui.data.map_side import LOW, TALL
from ui.pages.data import DataPage
from ui.window.main_window import MainWindow

TABS = "Samples", "Balance", "Sizes", "Left out", "Copies", "History", "Map", "Labels"


def cut(detail: QWidget) -> list[str]:
    """Buttons that are seen and of which not all is inside each widget around them."""
    found = []
    for one in filter(QPushButton.isVisible, detail.findChildren(QPushButton)):
        around = one.parentWidget()
        while around is not detail.parentWidget() and around is not None:
            if not around.rect().contains(QRect(one.mapTo(around, one.rect().topLeft()), one.size())):
                found.append(one.text())
                break
            around = around.parentWidget()
    return found


@pytest.mark.parametrize("size", [(640, 400), (800, 600), (1024, 600), (1280, 800)])
def test_no_button_is_cut_off_in_any_tab(
    qtbot: QtBot, page: DataPage, window: MainWindow, size: tuple[int, int]
) -> None:
    window.resize(*size)
    page.list.choose("digits")
    qtbot.waitUntil(page.is_settled, timeout=30_000)
    for tab in TABS:
        page.detail.show_tab(tab)
        qtbot.waitUntil(lambda: not cut(page.detail), timeout=5000)


def test_a_map_keeps_its_height_and_has_its_side_below_where_it_is_narrow(
    qtbot: QtBot, page: DataPage, window: MainWindow
) -> None:
    view = page.map
    page.detail.show_tab("Map")
    for width, way, least in ((640, Qt.Orientation.Vertical, TALL), (1280, Qt.Orientation.Horizontal, LOW)):
        window.resize(width, 400)
        qtbot.waitUntil(lambda way=way: view.splitter.orientation() is way)
        qtbot.waitUntil(lambda least=least: view.cloud.height() >= least)
        assert view.side.height() >= view.side.minimumHeight()


def test_a_reason_has_a_line_of_its_own_in_a_narrow_list_and_is_whole_where_one_points(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("ui.data.left_out.show_tip", lambda at, text, widget: said.append(text))
    files = LeftOut()
    qtbot.addWidget(files)
    reason = "cannot be read: it ends before its pixels do"
    files.show_files([Skipped("a folder/of photos/cat 12.png", reason)])
    for width, lines in ((700, 1), (300, 2), (700, 1)):
        files.resize(width, 200)
        files.show()
        first = files.model().index(0, 0)
        qtbot.waitUntil(lambda first=first, lines=lines: files.visualRect(first).height() == lines * ROW)
        row = files.visualRect(first)
        if lines == 2:
            below = files.viewport().grab(row.adjusted(0, ROW, 0, 0)).toImage()
            spots = [(x, y) for x in range(below.width()) for y in range(below.height())]
            assert any(below.pixelColor(*spot) == theme.colour("warning") for spot in spots)
    at = row.center()
    help_ = QHelpEvent(QEvent.Type.ToolTip, at, files.viewport().mapToGlobal(at))
    QApplication.sendEvent(files.viewport(), help_)
    assert said == [f"a folder/of photos/cat 12.png\n{reason}"]
