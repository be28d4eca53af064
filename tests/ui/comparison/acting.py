"""What tests of the Compare page look at and do."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from storage.store import RunRow
from ui.comparison.run_columns import PLACES
from ui.pages.compare import ComparePage

Saved = dict[str, list[RunRow]]
NAME = PLACES["name"]


def texts(page: ComparePage, column: str) -> list[str]:
    """What the lines of the table say in a column, top down."""
    model = page.table.runs
    return [model.index(row, PLACES[column]).data() for row in range(model.rowCount())]


NO_KEY = Qt.KeyboardModifier.NoModifier


def click(
    qtbot: QtBot, page: ComparePage, run_id: int, column: str = "name", key: Qt.KeyboardModifier = NO_KEY
) -> None:
    """Click a cell of the table, with a key held down."""
    index = page.table.runs.index_of(run_id).siblingAtColumn(PLACES[column])
    page.table.scrollTo(index)
    spot = page.table.visualRect(index).center()
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, key, spot)


def tick(qtbot: QtBot, page: ComparePage, run_id: int) -> None:
    """Click a run's check box."""
    index = page.table.runs.index_of(run_id).siblingAtColumn(NAME)
    page.table.scrollTo(index)
    cell = page.table.visualRect(index)
    qtbot.mouseClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(cell.left() + 10, cell.center().y()))


def settle(qtbot: QtBot, page: ComparePage) -> None:
    qtbot.waitUntil(page.is_settled)


def header_click(qtbot: QtBot, page: ComparePage, column: str) -> None:
    header = page.table.header()
    spot = QPoint(header.sectionViewportPosition(PLACES[column]) + 12, header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=spot)
