"""Headings of tables: cut with a sign where they do not fit, line by line, whole in the tooltip."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStyleOptionHeader
from pytestqt.qtbot import QtBot

from ui.figures.plain_table import APART, PlainTable, TableCell

LONG = "Full fine-tuning at a rate that is rather small\nfinds, %"


def test_a_long_heading_is_cut_and_whole_in_its_tooltip(qtbot: QtBot) -> None:
    table = PlainTable("Table")
    qtbot.addWidget(table)
    table.show_cells(["Class", LONG], [[TableCell("6"), TableCell("1.9", right=True)]])
    table.setColumnWidth(1, 120)
    header, said = table.horizontalHeader(), []
    for section in (0, 1):
        option = QStyleOptionHeader()
        header.initStyleOptionForIndex(option, section)
        said.append(option.text)
    assert said[0] == "Class"
    first, second = said[1].split("\n")
    assert "…" in first
    assert second == f"finds, %{APART}", "apart from what stands to its right"
    assert header.fontMetrics().horizontalAdvance(first) <= 120
    whole = table.cells.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "rather small" in whole
    table.resize(300, 120)
    assert not table.grab().isNull()
